"""A picture of dropout as bagging: one feed-forward network, and networks thinned out of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import torch

from harness.contracts import EOS, SPECIAL_TOKENS, Model, Site, Vocabularies
from harness.errors import HarnessError
from harness.streams import Noise
from harness.study.experiment import Experiment
from harness.training.network import build_network

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_KEPT, _DROPPED = "#2f7fd0", "#9a9a9a"


class Thinned(NamedTuple):
    """One draw of a feed-forward network: the units that it keeps, True, in their order.

    `inputs` have no site, so that all are kept; `outputs` are those added to the residual path.
    """

    name: str
    inputs: Sequence[bool]
    hidden: Sequence[bool]
    outputs: Sequence[bool]


def thinned(experiment: Experiment, *, seed: int, draws: int) -> Iterator[Thinned]:
    """The first feed-forward network of a model whole, and then `draws` networks out of it.

    After Srivastava et al. (2014, figure 1), with the network of a study in place of a sketch. The
    masks are those of the run of this seed, read from the sites of its model: if evaluation
    averages over members that dropout thins, of the first members, for every token; else of the
    first updates, for the first token of the first sentence. Raises `HarnessError` if nothing there
    is dropped.
    """
    classes = len(SPECIAL_TOKENS)  # sites are the same for every vocabulary
    vocabularies = Vocabularies(classes, classes, shared=True)
    network = build_network(experiment, seed=seed, vocabularies=vocabularies)
    sizes = _units(network.model)
    path = next((path for path in sizes if network.model.sites[path].kind == "feed_forward"), None)
    if path is None or f"{path}.residual" not in sizes:
        raise HarnessError(f"model {experiment.model.name} has no feed-forward network with sites")
    inside, after = network.model.sites[path], network.model.sites[f"{path}.residual"]
    width, outer = sizes[path], sizes[after.path]
    yield Thinned("whole network", [True] * outer, [True] * width, [True] * outer)
    members = 0
    if inside.member_perturbations or after.member_perturbations:
        members = max(part.members for part in network.regularizations)
    key = Noise(seed=seed, replicate=experiment.replicate, update=0)
    for name, noise in _noises(key, draws=draws, members=members):
        hidden = _kept(inside, units=width, noise=noise)
        outputs = _kept(after, units=outer, noise=noise)
        if all(hidden + outputs):
            raise HarnessError(f"nothing is dropped at {path}; choose a variant with dropout there")
        yield Thinned(name, [True] * outer, hidden, outputs)


@torch.no_grad()
def _units(model: Model) -> dict[str, int]:
    """The units at every site that a pass meets, in the order in which it meets them."""
    sizes: dict[str, int] = {}

    def record(value: torch.Tensor, *, path: str) -> torch.Tensor:
        sizes[path] = value.shape[-1]
        return value

    for path, site in model.sites.items():
        site.alter(partial(record, path=path))
    token = torch.tensor([[EOS]])
    model.decode(model.embed(token), model.encode(token))
    for site in model.sites.values():
        site.transforms.pop()  # ours, added last
    return sizes


def _noises(key: Noise, *, draws: int, members: int) -> Iterator[tuple[str, Noise]]:
    """The noise of the first members, if there are any, or updates, by name."""
    for number in range(min(draws, members) if members else draws):
        if members:
            yield f"member {number}", replace(key, stream="members", forward=f"member {number}")
        else:
            yield f"update {number + 1}", replace(key, update=number + 1)


def _kept(site: Site, *, units: int, noise: Noise) -> list[bool]:
    # A unit that is dropped gives the same, whatever it was given: 0, or alpha dropout's minimum.
    ones = torch.ones(1, 1, units)
    same = site(ones, noise) == site(2 * ones, noise)
    kept: list[bool] = (~same).flatten().tolist()
    return kept


def draw_thinned(experiment: Experiment, *, seed: int, draws: int, units: int) -> Figure:
    """A panel for the whole network and each thinned one, with the first `units` of each layer."""
    from matplotlib.figure import Figure

    networks = [*thinned(experiment, seed=seed, draws=draws)]
    drawn = Figure(figsize=(1.9 * len(networks), 0.9 + 0.28 * units))
    panels = drawn.subplots(1, len(networks), squeeze=False)
    for axes, network in zip(panels.flat, networks, strict=True):
        _draw(axes, of=network, units=units)
    drawn.suptitle(
        f"Networks thinned out of one by dropout: first {units} units of each layer, seed {seed}",
        fontsize=10,
    )
    return drawn


def _draw(axes: Axes, *, of: Thinned, units: int) -> None:
    columns = [kept[:units] for kept in (of.inputs, of.hidden, of.outputs)]
    for x, (left, right) in enumerate(pairwise(columns)):
        for start, is_kept in enumerate(left):
            for end, is_reached in enumerate(right):
                if is_kept and is_reached:
                    axes.plot([x, x + 1], [-start, -end], color=_KEPT, linewidth=0.3, zorder=1)
    for x, column in enumerate(columns):
        for place, is_kept in enumerate(column):
            color, form = (_KEPT, "o") if is_kept else (_DROPPED, "x")
            axes.plot([x], [-place], color=color, marker=form, markersize=5, linestyle="", zorder=2)
    axes.set_title(of.name)
    axes.set_xticks(range(3), ["inputs", "hidden", "outputs"], rotation=0, fontsize=7)
    axes.set_yticks([])
    axes.grid(visible=False)
    axes.spines[["left", "bottom"]].set_visible(False)
    axes.tick_params(length=0)
    axes.set_xlim(-0.5, 2.5)
    axes.set_xlabel(f"{sum(of.hidden)} of {len(of.hidden)} hidden units", fontsize=7)
