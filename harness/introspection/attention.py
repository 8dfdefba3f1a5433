"""Attention weights of a model, read at its own sites."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial

import torch
from jaxtyping import Int

from harness.contracts import Model

_KIND = "attention.weights"


@torch.no_grad()
def attention(
    model: Model,
    source: Int[torch.Tensor, "sentences source"],
    *,
    target: Int[torch.Tensor, "sentences target"],
) -> Mapping[str, torch.Tensor]:
    """The attention weights of one pass without noise, by module.

    A module is, for example, ``decoder.1.cross_attention``. `target` is the decoder's input, bos
    first. Weights are shaped (sentences, heads, queries, keys); those of a query sum to 1. They are
    read at the sites ``attention.weights``, after every other transform, and not changed.
    """
    with _recorded(model) as weights:
        model.decode(model.embed(target), model.encode(source))
    return weights


@contextmanager
def _recorded(model: Model) -> Iterator[dict[str, torch.Tensor]]:
    """Record the values of the sites of attention weights while the context is open."""
    weights: dict[str, torch.Tensor] = {}

    def record(value: torch.Tensor, *, module: str) -> torch.Tensor:
        weights[module] = value.clone()
        return value

    sites = [site for site in model.sites.values() if site.kind == _KIND]
    for site in sites:
        # It also keeps the model from torch's fused attention, which has no weights to show.
        site.alter(partial(record, module=site.path.removesuffix(f".{_KIND}")))
    try:
        yield weights
    finally:
        for site in sites:
            site.transforms.pop()  # ours, added last
