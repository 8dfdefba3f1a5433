"""How runs are to be compared, where no study says so."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from harness.analysis import RunResult, ScoredMetric, compare
from harness.contracts import Design, Method, Split
from harness.errors import HarnessError
from harness.registry.option_types import shown, suggestion
from harness.report import Report
from harness.study.changes import Change
from harness.study.values import BASELINE, Comparison


@dataclass(frozen=True, kw_only=True)
class ComparisonOptions:
    """What was asked for; what was not is the study's or, without one, the default.

    `baseline`, `lower_is_better` and `split` are for scores from elsewhere, of which nothing else
    is known.
    `margin` is in the unit of the `primary` metric.
    """

    primary: str | None = None
    margin: float | None = None
    method: Method | None = None
    baseline: str = BASELINE
    lower_is_better: Sequence[str] = ()
    split: Split = "test"

    def comparison(self, *, primary: str, study: Comparison | None = None) -> Comparison:
        """The same as a study would declare it; raises `HarnessError` for a margin of infinity."""
        declared = study or Comparison()
        margin = declared.margin_of(primary) if self.margin is None else self.margin
        if margin is not None and not math.isfinite(margin):
            raise HarnessError(f"--margin must be a finite number above 0, got {margin}")
        return Comparison(primary=primary, margin=margin, method=self.method or declared.method)


@dataclass(frozen=True, kw_only=True)
class CollectedRuns:
    """Runs to be compared; `pairs` where variants are not all held against `baseline`.

    `changes`, `signatures` and `faults` are as in a `Report`.
    """

    results: Sequence[RunResult]
    variants: Sequence[str]
    seeds: Sequence[int]
    metrics: Sequence[ScoredMetric]
    pairs: Sequence[tuple[str, str]] = ()
    changes: Mapping[str, Sequence[Change]]
    signatures: Mapping[str, str]
    faults: Sequence[str] = ()


def comparison_report(gathered: CollectedRuns, *, comparison: Comparison) -> Report:
    """What the runs show, in the values that a report is made of."""
    design = Design(pairs=tuple(gathered.pairs))
    findings = compare(
        gathered.results,
        variants=gathered.variants,
        seeds=gathered.seeds,
        metrics=gathered.metrics,
        comparison=comparison,
        design=design,
    )
    return Report(
        name="comparison",
        question="",
        primary=next(each for each in gathered.metrics if each.name == comparison.primary),
        variants=gathered.variants,
        seeds=gathered.seeds,
        results=gathered.results,
        findings=findings,
        changes=gathered.changes,
        samples=(),
        signatures=gathered.signatures,
        command="",
        versions={},
        design=design,
        faults=gathered.faults,
    )


def unknown(name: str, *, among: Collection[str], what: str) -> str:
    """What is wrong with a name that is not there, and which one was probably meant."""
    return f"no {what} named {shown(name)}; {suggestion(name, among=among, otherwise='there are')}"
