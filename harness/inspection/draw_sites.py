"""How much each site of a model drops, as the sites themselves say."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import torch

from harness import streams
from harness.contracts import SPECIAL_TOKENS, Setting, Site
from harness.inspection.heatmap import Map, Shades, draw_maps
from harness.model import TABLE, Transformer
from harness.streams import Noise
from harness.study.experiment import Experiment

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SIZE = 2  # of every dimension of what a site is shown


class Rates(NamedTuple):
    """A site, where it is, its kind, and the rate of each effect in it that drops."""

    path: str
    place: str
    kind: str
    rates: tuple[float, ...]

    @property
    def rate(self) -> float:
        """The probability that one of its effects drops an element."""
        return 1 - math.prod(1 - rate for rate in self.rates)


@dataclass(frozen=True, kw_only=True)
class _Heard(Noise):
    """Noise that keeps a record of the rates that it is asked for."""

    rates: list[float]

    def keep(self, site: str, shape: Sequence[int], rate: float) -> torch.Tensor:
        self.rates.append(rate)
        return super().keep(site, shape, rate)


def dropped(experiment: Experiment) -> list[Rates]:
    """Every site of an experiment's model, with the rates at which its regularizers drop there.

    Each site is shown a value of its layout, and what it asks the noise for is written down; no
    option of a regularizer is read. An effect that drops by other means is not seen.
    """
    classes = len(SPECIAL_TOKENS)
    model = Transformer(experiment.model, source_classes=classes, target_classes=classes)
    budget = experiment.budget
    d_model = experiment.model.d_model
    setting = Setting(seed=0, classes=classes, d_model=d_model, updates=budget.updates)
    for regularizer in experiment.regularizers.values():
        modify = regularizer.build(setting).modify_model
        if modify:
            modify(model, generator=partial(streams.generator, 0, "init"))
    return [_rates(site) for site in model.sites.values()]


def _rates(site: Site) -> Rates:
    sizes = [1 if name == "1" else _SIZE for name in site.layout.split()]
    noise = _Heard(seed=0, update=1, rates=[])
    for effect in site.perturbations:
        effect(torch.ones(sizes), site, noise)
    return Rates(site.path, _place(site), site.kind, tuple(noise.rates))


def _place(site: Site) -> str:
    """The part of the model that a site is in; the hidden units' is their network."""
    place = site.path.removesuffix(f".{site.kind}")
    return site.path if site.kind == "feed_forward" else place


def draw_sites(experiment: Experiment, *, name: str) -> Figure:
    """A row for each part of the model, a column for each kind of site; `name` is the variant's."""
    rates = {(each.place, each.kind): each.rate for each in dropped(experiment)}
    places = sorted({place for place, _ in rates}, key=_in_order)
    kinds = [row.kind for row in TABLE]
    values = [[rates.get((place, kind)) for kind in kinds] for place in places]
    both = Map(
        title=name,
        rows=places,
        columns=kinds,
        values=values,
        row_label="part of the model",
        column_label="kind of site; white: there is none",
    )
    shades = Shades(darkest=max(0.3, *rates.values()), form=".2g")
    return draw_maps(
        [both],
        shades=shades,
        title="Probability that an element is dropped",
        columns=1,
        cell=(0.5, 0.24),
    )


def _in_order(place: str) -> tuple[str, int, str]:
    """From the source to the target, layer by layer."""
    side, *rest = place.split(".")
    order = {"self_attention": "1", "cross_attention": "2", "feed_forward": "3"}
    inside = order.get(rest[1], rest[1]) if len(rest) > 1 else ""
    return ("0" if side == "encoder" else "1", int(rest[0]) if rest else -1, inside)
