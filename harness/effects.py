"""What regularizers put into sites, watched: its shape always, NaN where training has diverged."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch

from harness.blaming import answering, refuse
from harness.components import Regularizer
from harness.contracts import Effect, Model, Site
from harness.streams import Noise


@dataclass(eq=False)
class Watched:
    """An effect, and the regularizer that it is part of."""

    effect: Effect
    of: Regularizer
    looking: bool = False
    spoiled: bool = False  # whether it made NaN of what had none, as long as somebody looked

    def __call__(self, value: torch.Tensor, site: Site, noise: Noise) -> torch.Tensor:
        with answering(self.of):
            found = self.effect(value, site, noise)
        if getattr(found, "shape", None) != value.shape:
            given = getattr(found, "shape", found)
            wanted = f"site {site.path} must give shape {tuple(value.shape)}"
            refuse(f"{wanted}, got {given!r:.60}", of=self.of)
        if self.looking and found.isnan().any() and not value.isnan().any():
            self.spoiled = True
        return found


def watch(model: Model, *, of: Regularizer) -> None:
    """Watch the effects in a model's sites that nobody watches yet: they are this regularizer's."""
    for site in model.sites.values():
        for place, effect in enumerate(site.effects):
            if not isinstance(effect, Watched):
                site.effects[place] = Watched(effect, of)


@contextmanager
def looking(model: Model) -> Iterator[list[Watched]]:
    """The effects that make NaN of what has none, found while this is open."""
    every = [each for site in model.sites.values() for each in site.effects]
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
