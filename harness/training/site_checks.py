"""What regularizers put into sites, watched: its shape always, NaN where training has diverged."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch

from harness.components import Regularizer
from harness.contracts import Model
from harness.registry.attribution import attributed_to, refuse


@dataclass(eq=False)
class Watched:
    """An effect or a change, the site that it is in, and the regularizer that it is part of."""

    act: Callable[..., torch.Tensor]
    path: str
    of: Regularizer
    looking: bool = False
    spoiled: bool = False  # whether it made NaN of what had none, as long as somebody looked

    def __call__(self, value: torch.Tensor, *told: Any) -> torch.Tensor:
        with attributed_to(self.of):
            found = self.act(value, *told)
        if getattr(found, "shape", None) != value.shape:
            given = getattr(found, "shape", found)
            wanted = f"site {self.path} must give shape {tuple(value.shape)}"
            refuse(f"{wanted}, got {given!r:.60}", of=self.of)
        if self.looking and found.isnan().any() and not value.isnan().any():
            self.spoiled = True
        return found


def watch(model: Model, *, of: Regularizer) -> None:
    """Watch what is in a model's sites and watched by nobody yet: it is this regularizer's."""
    for site in model.sites.values():
        both: tuple[list[Any], ...] = (site.perturbations, site.transforms)
        for acts in both:
            for place, act in enumerate(acts):
                if not isinstance(act, Watched):
                    acts[place] = Watched(act, site.path, of)


@contextmanager
def record_nonfinite(model: Model) -> Iterator[list[Watched]]:
    """The effects and changes that make NaN of what has none, found while this is open."""
    every: list[object] = []
    for site in model.sites.values():
        every += [*site.transforms, *site.perturbations]
    watched = [each for each in every if isinstance(each, Watched)]
    spoilers: list[Watched] = []
    for each in watched:
        each.looking, each.spoiled = True, False
    try:
        yield spoilers
    finally:
        for each in watched:
            each.looking = False
        spoilers += [each for each in watched if each.spoiled]
