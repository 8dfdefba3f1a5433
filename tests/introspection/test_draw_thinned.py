"""Held against the masks of a forward pass of training and of an evaluation."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest
import torch
from support.tiny_experiment import experiment

from harness.contracts import Site, Vocabularies
from harness.errors import HarnessError
from harness.introspection.draw_thinned import draw_thinned, thinned
from harness.report.style import style
from harness.streams import Noise
from harness.study.experiment import Experiment
from harness.training.assembly import Assembly, assemble
from harness_models import EncoderDecoder
from harness_regularizers import Dropout, LoraDropout

PATH = "encoder.0.feed_forward"


def bagged(members: int, **others: object) -> Experiment:
    return experiment(regularizers={"dropout": Dropout(rate=0.4, members=members), **others})


def values_in_a_pass(parts: Assembly, *, noise: Noise) -> dict[str, torch.Tensor]:
    """The values of two sites, dropped elements 0, in encoding a batch of the run."""
    values: dict[str, torch.Tensor] = {}

    def record(value: torch.Tensor, site: Site, noise: Noise) -> torch.Tensor:
        values[site.path] = value
        return value

    for path in (PATH, f"{PATH}.residual"):
        site = parts.model.sites[path]
        site.alter(lambda value: value.detach().abs() + 1)  # no unit is 0 by itself
        site.fill(record)
        site.fill_members(record)
    batch = parts.task.train.batch(parts.order.epoch(0)[0], device="cpu")
    parts.model.encode(batch.source, noise=noise)
    return values


@pytest.mark.parametrize("members", [0, 3])
def test_units_are_those_that_a_pass_of_the_run_keeps(members: int) -> None:
    choices = bagged(members)
    whole, *draws = thinned(choices, seed=5, draws=2)
    assert all(whole.inputs + whole.hidden + whole.outputs)
    assert [len(part) for part in (whole.inputs, whole.hidden, whole.outputs)] == [16, 32, 16]
    for number, draw in enumerate(draws):
        noise = (
            Noise(seed=5, update=0, stream="members", forward=f"member {number}")
            if members
            else Noise(seed=5, update=number + 1)
        )
        assert draw.name == (f"member {number}" if members else f"update {number + 1}")
        values = values_in_a_pass(assemble(choices, seed=5), noise=noise)
        first = {path: (value[0, 0] != 0).tolist() for path, value in values.items()}
        assert (draw.hidden, draw.outputs) == (first[PATH], first[f"{PATH}.residual"])
        assert all(draw.inputs)
        everywhere = all((value != 0).eq(value[0, 0] != 0).all() for value in values.values())
        assert everywhere is bool(members)
    assert draws[0].hidden != draws[1].hidden


def test_there_are_no_more_draws_than_members() -> None:
    names = [draw.name for draw in thinned(bagged(2), seed=1, draws=5)]
    assert names == ["whole network", "member 0", "member 1"]


def test_members_of_other_regularizers_thin_nothing_here() -> None:
    names = [draw.name for draw in thinned(bagged(0, lora=LoraDropout(members=2)), seed=1, draws=1)]
    assert names == ["whole network", "update 1"]


def test_a_model_without_dropout_there_is_refused() -> None:
    choices = experiment(regularizers={"dropout": Dropout(rates={"embedding": 0.5})})
    with pytest.raises(HarnessError, match=f"nothing is dropped at {PATH}"):
        list(thinned(choices, seed=1, draws=1))


def test_the_picture_has_a_panel_for_each_network_and_an_edge_between_kept_units() -> None:
    with style("thinned"):
        drawn = draw_thinned(bagged(2), seed=1, draws=2, units=4)
    whole, first, _ = drawn.axes
    assert [axes.get_title() for axes in drawn.axes] == ["whole network", "member 0", "member 1"]
    assert len(whole.lines) == 2 * 16 + 12, "edges and units"
    _, member, _ = thinned(bagged(2), seed=1, draws=2)
    inputs, hidden, outputs = 4, sum(member.hidden[:4]), sum(member.outputs[:4])
    assert len(first.lines) == inputs * hidden + hidden * outputs + 12
    assert first.get_xlabel() == f"{sum(member.hidden)} of 32 hidden units"


@dataclass(frozen=True, kw_only=True)
class Bare(EncoderDecoder):
    """A model that shows no site in its feed-forward networks."""

    name = "bare"

    def build(self, vocabularies: Vocabularies) -> Any:
        model: Any = super().build(vocabularies)
        hidden = {path for path, site in model.sites.items() if site.kind == "feed_forward"}
        model.sites = {path: site for path, site in model.sites.items() if path not in hidden}
        return model


def test_a_model_without_such_a_site_is_refused() -> None:
    choices = replace(bagged(0), model=Bare(d_model=16, d_ff=32, heads=2, layers=1))
    with pytest.raises(HarnessError, match="model bare has no feed-forward network with sites"):
        list(thinned(choices, seed=1, draws=1))
