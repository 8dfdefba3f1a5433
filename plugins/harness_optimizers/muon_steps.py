"""Muon's steps, a torch optimizer."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

from harness_optimizers.muon import Muon

# Of the models' parameters, matrices that are looked up in, or that make the logits.
_OUTSIDE = re.compile(r"embedding|position|^projection\.")
_IN_LAYER = re.compile(r"\.\d+\.")


class MuonSteps(torch.optim.Optimizer):
    """Two of torch's optimizers over the same groups, with one state."""

    def __init__(self, groups: Sequence[Mapping[str, Any]], *, options: Muon, classes: int) -> None:
        super().__init__([dict(group) for group in groups], {"lr": 0.0})
        self._adamw_rate = options.adamw_rate
        matrices: list[dict[str, Any]] = []
        others: list[dict[str, Any]] = []
        for group in groups:
            names = group.get("param_names", [""] * len(group["params"]))
            split: tuple[list[torch.Tensor], list[torch.Tensor]] = ([], [])
            for name, weight in zip(names, group["params"], strict=True):
                split[_is_hidden_matrix(weight, name=name, classes=classes)].append(weight)
            others.append({"params": split[False]})
            matrices.append({"params": split[True]})
        self._muon = torch.optim.Muon(
            matrices,
            lr=0.0,
            weight_decay=options.weight_decay,
            momentum=options.momentum,
            nesterov=options.nesterov,
            ns_steps=options.iterations,
            adjust_lr_fn=options.scale,
        )
        # Fused for the reasons given in adam.py.
        self._adamw = torch.optim.AdamW(
            others,
            lr=0.0,
            betas=options.betas,
            eps=options.eps,
            weight_decay=options.weight_decay,
            fused=True,
        )

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]  # no closure
        """Move every parameter that has a gradient."""
        parts: dict[torch.optim.Optimizer, float] = {self._muon: 1.0, self._adamw: self._adamw_rate}
        for part, multiple in parts.items():
            # At every step, as `load_state_dict` puts another mapping in its place.
            part.state = self.state
            for group, of_part in zip(self.param_groups, part.param_groups, strict=True):
                of_part["lr"] = group["lr"] * multiple
            part.step()


def _is_hidden_matrix(weight: torch.Tensor, *, name: str, classes: int) -> bool:
    """True for a matrix between layers' states; `name` is empty where it is not known."""
    if weight.ndim != 2 or _OUTSIDE.search(name):
        return False
    return bool(_IN_LAYER.search(name)) or classes not in weight.shape
