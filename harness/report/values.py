"""The contents of a report as values, so that writing one needs neither ledger nor study."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from harness.analysis import RunResult, ScoredMetric
from harness.comparability.values import Comparability
from harness.contracts import Design, Finding, ReportView, RunSummary
from harness.report.numbers import bound_of_difference
from harness.study.changes import Change


class SampleTranslation(NamedTuple):
    """A sentence of the test split with the variants' translations, of one seed."""

    source: str
    reference: str
    translations: Mapping[str, str]  # by variant; without those that did not translate it


class Pretraining(NamedTuple):
    """A model that is trained before the variants, once per seed, and the variants that use it.

    One that was exported, and is not trained here, has its folder as name, and no updates.
    """

    name: str
    updates: int | None
    initialized: Sequence[str]  # the variants that start from it
    referenced: Sequence[str]  # the variants that name it in an option


class TunedVariant(NamedTuple):
    """The values that tuning chose for a variant, and the mean validation score of every value.

    `chosen` is by seed of the study. A score is None if some run diverged or has none of this
    metric, or if its score is too large for a number. `lead` is the distance of the two best means
    in standard deviations of a trial; None where no value has several trials.
    """

    variant: str
    chosen: Mapping[int, str]
    scores: Mapping[str, float | None]
    lead: float | None = None

    @property
    def unscored(self) -> bool:
        """True if no value has a score, so that none is the best."""
        return all(score is None for score in self.scores.values())

    @property
    def edge(self) -> Sequence[int]:
        """The seeds whose value is the least or the greatest of those tried, if they have order."""
        try:
            numbers = sorted(map(float, self.scores))
        except ValueError:  # names, which have no least
            return []
        ends = (numbers[0], numbers[-1])
        return [seed for seed, value in self.chosen.items() if float(value) in ends]


class TuningSummary(NamedTuple):
    """The tuning that all variants had: the option, the trials per value, and the metric.

    If `once`, a variant has one value for all seeds; otherwise each seed has trials of its own.
    """

    option: str
    seeds: int
    metric: str
    variants: Sequence[TunedVariant]
    once: bool = False


class Provenance(NamedTuple):
    """The circumstances of the runs as text, and the runs without a score with their reasons.

    `weights` are those that are scored, `machine` is the hardware, and `commit` that of the Git
    checkout that the study is in; empty if not known. `found` has a line for each other code or
    environment that runs were found with.
    """

    weights: Sequence[str] = ()
    machine: Sequence[str] = ()
    commit: str = ""
    excluded: Sequence[str] = ()
    found: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Report:
    """A finished study.

    `variants` and `seeds` are the planned ones, the baseline first; `changes` has the variants that
    differ from it, and `runs` are for figures. `signatures` describe the computation of each text
    metric, and `faults` are messages about metrics that could not be computed. `command` reproduces
    the report with the software of `versions`. `inspections` is a note on earlier looks at the
    results, `deviations` are sentences on what was changed after them, and `readings` are the
    directions of metrics that were assumed.
    `mixed` is a sentence on pairs of runs that mix code or environments, `unlearned` one that says
    so if nothing was learned.
    """

    name: str
    question: str
    primary: ScoredMetric
    variants: Sequence[str]
    seeds: Sequence[int]
    results: Sequence[RunResult]
    findings: Sequence[Finding]
    changes: Mapping[str, Sequence[Change]]
    samples: Sequence[SampleTranslation]
    signatures: Mapping[str, str]
    command: str
    versions: Mapping[str, str]
    runs: Sequence[RunSummary] = ()
    comparability: Comparability = field(default_factory=Comparability)
    inspections: str = ""
    design: Design = field(default_factory=Design)
    faults: Sequence[str] = ()
    pretraining: Sequence[Pretraining] = ()
    tuning: TuningSummary | None = None
    provenance: Provenance = field(default_factory=Provenance)
    readings: Sequence[str] = ()
    deviations: Sequence[str] = ()
    mixed: str = ""
    unlearned: str = ""

    @property
    def on_primary(self) -> list[Finding]:
        """The findings on the primary metric, for which the study was designed."""
        return [finding for finding in self.findings if finding.role == "primary"]

    @property
    def by_effect(self) -> list[Finding]:
        """The findings on the primary metric, each kind together, the largest gain first.

        Those without a difference are last; otherwise the study's order decides.
        """
        kinds = [*dict.fromkeys(finding.kind for finding in self.on_primary)]
        sign = 1 if self.primary.higher_is_better is False else -1

        def key(finding: Finding) -> tuple[int, bool, float]:
            unknown = finding.difference is None or bound_of_difference(finding) is None
            gain = 0.0 if unknown else sign * (finding.difference or 0.0)
            return kinds.index(finding.kind), unknown, gain

        return sorted(self.on_primary, key=key)

    @property
    def exploratory(self) -> list[Finding]:
        """The findings on every other metric."""
        return [finding for finding in self.findings if finding.role == "exploratory"]

    @property
    def view(self) -> ReportView:
        """The view of the report that figures get."""
        return ReportView(
            metric=self.primary.name,
            split=self.primary.split or "test",
            higher_is_better=self.primary.higher_is_better,
            variants=tuple(self.variants),
            seeds=tuple(self.seeds),
            findings=tuple(self.findings),
            runs=tuple(self.runs),
            design=self.design,
        )
