"""A figure of the rates at which each site of a model drops, read from the sites themselves."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import torch

from harness.contracts import SPECIAL_TOKENS, Site, Vocabularies
from harness.introspection.heatmap import Map, Shades, draw_maps
from harness.model import TABLE
from harness.streams import Noise
from harness.study.experiment import Experiment
from harness.training.network import build_network

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SIZE = 2  # of every dimension of the values that sites are called with


class Rates(NamedTuple):
    """A site by path, module and kind, and the rate of each perturbation in it that drops."""

    path: str
    module: str
    kind: str
    rates: tuple[float, ...]

    @property
    def rate(self) -> float:
        """The probability that at least one of its perturbations drops an element."""
        return 1 - math.prod(1 - rate for rate in self.rates)


@dataclass(frozen=True, kw_only=True)
class _RecordingNoise(Noise):
    """Noise that records the rates that it is asked for."""

    rates: list[float]

    def keep(self, site: str, shape: Sequence[int], rate: float) -> torch.Tensor:
        self.rates.append(rate)
        return super().keep(site, shape, rate)


def dropped(experiment: Experiment) -> list[Rates]:
    """Every site of an experiment's model, with the rates at which its regularizers drop there.

    Each site is called with a value of its layout, and the rates that it asks the noise for are
    recorded; no option of a regularizer is read. A perturbation that drops by other means is not
    seen.
    """
    classes = len(SPECIAL_TOKENS)  # sites are the same for every vocabulary
    vocabularies = Vocabularies(classes, classes, shared=True)
    model = build_network(experiment, seed=0, vocabularies=vocabularies).model
    return [_rates(site) for site in model.sites.values()]


def _rates(site: Site) -> Rates:
    sizes = [1 if name == "1" else _SIZE for name in site.layout.split()]
    noise = _RecordingNoise(seed=0, update=1, rates=[])
    for perturbation in site.perturbations:
        perturbation(torch.ones(sizes), site, noise)
    return Rates(site.path, _module(site), site.kind, tuple(noise.rates))


def _module(site: Site) -> str:
    """The module that a site is in; a feed-forward network and its site have one path."""
    return site.path if site.kind == "feed_forward" else site.path.removesuffix(f".{site.kind}")


def draw_sites(experiment: Experiment, *, name: str) -> Figure:
    """A row for each module, a column for each kind of site; `name` is the variant's."""
    rates = {(site.module, site.kind): site.rate for site in dropped(experiment)}
    modules = sorted({module for module, _ in rates}, key=_from_source_to_target)
    kinds = [row.kind for row in TABLE]
    values = [[rates.get((module, kind)) for kind in kinds] for module in modules]
    both_sides = Map(
        title=name,
        rows=modules,
        columns=kinds,
        values=values,
        row_label="part of the model",
        column_label="kind of site; white: there is none",
    )
    shades = Shades(darkest=max(0.3, *rates.values()), form=".2g")
    return draw_maps(
        [both_sides],
        shades=shades,
        title="Probability that an element is dropped",
        columns=1,
        cell=(0.5, 0.24),
    )


def _from_source_to_target(module: str) -> tuple[str, int, str]:
    """A sort key: encoder before decoder, layer by layer."""
    side, *rest = module.split(".")
    order = {"self_attention": "1", "cross_attention": "2", "feed_forward": "3"}
    sublayer = order.get(rest[1], rest[1]) if len(rest) > 1 else ""
    return ("0" if side == "encoder" else "1", int(rest[0]) if rest else -1, sublayer)
