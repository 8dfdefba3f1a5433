"""The core's metrics of cost in a study's file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from support import third_party

from harness.components.cost_metric import TokensTo, UpdatesTo
from harness.errors import HarnessError
from harness.hookspecs import hookimpl
from harness.study.values import Study

Load = Callable[..., Study]
Faults = Callable[..., list[str]]

METRICS = "metrics: [bleu, chrf]"
TARGETS = "metrics: [{updates_to: {nll: 2}}, {tokens_to: {nll: 2.5}}]"
PRIMARY = "compare: {primary: bleu, method: paired_t}"


@dataclass(frozen=True, kw_only=True)
class Redefined(third_party.Bleu):
    """Another number under the name of one of the core's."""

    name = "updates_to"


class Another:
    """A plugin with it."""

    @hookimpl
    def harness_metrics(self) -> list[type[Redefined]]:
        return [Redefined]


def test_a_cost_may_be_the_primary_metric_and_have_a_margin(loaded: Load) -> None:
    compare = "compare: {primary: updates_to, margin: {updates_to: 20}}"
    study = loaded((METRICS, TARGETS), (PRIMARY, compare))
    assert study.metrics == (UpdatesTo(nll=2.0), TokensTo(nll=2.5))
    assert study.compare.margin_of("updates_to") == 20


@pytest.mark.parametrize(
    ("metric", "fault"),
    [
        ("updates_to", "updates_to needs 'nll'"),
        ("{updates_to: {nll: 0}}", "nll must be above 0, got 0"),
        ("{seconds_to: {loss: 2, nll: 2}}", "no option 'loss' in seconds_to; there are nll"),
    ],
)
def test_a_target_is_an_nll_above_0(metric: str, fault: str, faults: Faults) -> None:
    (line,) = faults((METRICS, f"metrics: [{metric}]"), (PRIMARY, ""))
    assert line.startswith("study.yaml:18:")
    assert line.endswith(f": {fault}")


def test_effects_of_factors_have_no_cost_to_a_target(faults: Faults) -> None:
    variants = """variants:
  no-dropout: {regularizers: {dropout: off}}
  cross-entropy: {loss: cross_entropy}
"""
    factors = """factors:
  dropout: {none: {regularizers: {dropout: off}}}
  loss: {plain: {loss: cross_entropy}}
"""
    lines = faults((METRICS, TARGETS), (PRIMARY, ""), (variants, factors))
    assert [line.partition(": ")[2] for line in lines] == [
        f"{name} compares variants, not effects of factors; remove it, or use variants"
        for name in ("updates_to", "tokens_to")
    ]


def test_a_plugin_cannot_redefine_a_cost() -> None:
    catalog = third_party.catalog(another=Another())
    with pytest.raises(HarnessError, match="'updates_to' is offered by both 'harness' and 'anoth"):
        catalog.find("updates_to", slot="metrics")
