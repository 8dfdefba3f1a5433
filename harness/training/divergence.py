"""Divergence: the error that ends a run, and the check of values that a component changed."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch._utils import _flatten_dense_tensors

from harness.components import Component
from harness.registry.attribution import label


class Diverged(Exception):
    """A loss, a gradient or a score that is not finite.

    `component` is the one whose value was the first that is not finite, if it was a component's.
    """

    def __init__(self, reason: str, *, component: Component | None = None) -> None:
        super().__init__(reason)
        self.component = component


@torch.no_grad()
def check_finite(
    values: Sequence[torch.Tensor], *, name: str, update: int, owner: Component
) -> None:
    """Raise `Diverged` if values that a component changed in place are not finite."""
    if not values:
        return
    # The squared norm of one flat copy, at half the price of `get_total_norm`, which looks at each
    # tensor: a guard may cost 1% of an update. It overflows first, so that the norm has to confirm.
    flat = _flatten_dense_tensors(values)
    if not flat.dot(flat).isfinite() and not torch.nn.utils.get_total_norm(values).isfinite():
        fault = f"{name} are not finite after {label(owner)} changed them at update {update}"
        raise Diverged(fault, component=owner)
