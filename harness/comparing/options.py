"""Options of a comparison, and the report of runs that are compared by them."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from harness.analysis import RunResult, ScoredMetric, compare
from harness.contracts import Design, Diverged, Method, Split
from harness.errors import HarnessError
from harness.registry.option_types import shown, suggestion
from harness.report import Report
from harness.runs.inspections import PlanEntry
from harness.study.changes import Change
from harness.study.values import BASELINE, Comparison


@dataclass(frozen=True, kw_only=True)
class ComparisonOptions:
    """The options given on the command line; the others are the study's or the defaults.

    `baseline`, `lower_is_better`, `higher_is_better` and `split` are for external scores, of which
    nothing else is known. `margin` is in the unit of the `primary` metric.
    """

    primary: str | None = None
    margin: float | None = None
    method: Method | None = None
    diverged: Diverged | None = None
    baseline: str = BASELINE
    lower_is_better: Sequence[str] = ()
    higher_is_better: Sequence[str] = ()
    split: Split | None = None

    def comparison(self, *, primary: str, study: Comparison | None = None) -> Comparison:
        """The comparison as a study declares it; raises `HarnessError` for an infinite margin."""
        declared = study or Comparison()
        margin = declared.margin_of(primary) if self.margin is None else self.margin
        # `click.FloatRange` lets inf and nan pass.
        if margin is not None and not math.isfinite(margin):
            raise HarnessError(f"--margin must be a finite number above 0, got {margin}")
        method, diverged = self.method or declared.method, self.diverged or declared.diverged
        if method != "paired_t" and diverged == "worst":
            fault = "pairs nothing" if method == "welch" else "ranks nothing"
            raise HarnessError(
                f"diverged runs rank worst among pairs, and {method} {fault}; choose one of"
                " --diverged excluded and --method paired_t"
            )
        return Comparison(primary=primary, margin=margin, method=method, diverged=diverged)

    def composed(self) -> ComparisonOptions:
        """The options with every name in Unicode's composed form."""
        return replace(
            self,
            baseline=composed(self.baseline),
            primary=None if self.primary is None else composed(self.primary),
            lower_is_better=[*map(composed, self.lower_is_better)],
            higher_is_better=[*map(composed, self.higher_is_better)],
        )

    def plan(self, filed: PlanEntry) -> PlanEntry:
        """The plan of a study under these options, as far as they are given."""
        primary = self.primary or filed.primary
        margin = {} if self.margin is None else {primary: self.margin}
        return filed._replace(
            primary=primary,
            method=self.method or filed.method,
            diverged=self.diverged or filed.diverged,
            margins={**filed.margins, **margin},
        )


@dataclass(frozen=True, kw_only=True)
class CollectedRuns:
    """Runs to be compared; `pairs` if variants are not all compared with `baseline`.

    `changes`, `signatures`, `faults` and `mixed` are as in a `Report`; `dropped` are variants of
    the same studies that have results too and are left out. `of_table` is True where no plan
    is shared: for scores of other programs, and for runs of several studies that are not paired.
    """

    results: Sequence[RunResult]
    variants: Sequence[str]
    seeds: Sequence[int]
    metrics: Sequence[ScoredMetric]
    pairs: Sequence[tuple[str, str]] = ()
    changes: Mapping[str, Sequence[Change]]
    signatures: Mapping[str, str]
    faults: Sequence[str] = ()
    dropped: Sequence[str] = ()
    mixed: str = ""
    of_table: bool = False


def comparison_report(collected: CollectedRuns, *, comparison: Comparison) -> Report:
    """Compare the runs, and return the findings as a report."""
    design = Design(
        pairs=tuple(collected.pairs),
        dropped=tuple(collected.dropped),
        of_table=collected.of_table,
    )
    findings = compare(
        collected.results,
        variants=collected.variants,
        seeds=collected.seeds,
        metrics=collected.metrics,
        comparison=comparison,
        design=design,
    )
    return Report(
        name="comparison",
        question="",
        primary=next(metric for metric in collected.metrics if metric.name == comparison.primary),
        variants=collected.variants,
        seeds=collected.seeds,
        results=collected.results,
        findings=findings,
        changes=collected.changes,
        samples=(),
        signatures=collected.signatures,
        command="",
        versions={},
        design=design,
        faults=collected.faults,
        mixed=collected.mixed,
    )


def composed(name: str) -> str:
    """A name in Unicode's composed form, in which names that look alike are equal (NFC)."""
    return unicodedata.normalize("NFC", name)


def unknown_name(name: str, *, among: Collection[str], kind: str) -> str:
    """The message for a name that does not exist, with the closest one that does."""
    return f"no {kind} named {shown(name)}; {suggestion(name, among=among, otherwise='there are')}"
