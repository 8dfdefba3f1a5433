"""Everything that a report says, as values: writing one reads no ledger and asks no study."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from harness.analysis import RunResult, ScoredMetric
from harness.comparability.values import Comparability
from harness.contracts import Design, Finding, ReportView, RunSummary
from harness.study.changes import Change


class SampleTranslation(NamedTuple):
    """A sentence of the test split, and what the variants wrote for it with one seed."""

    source: str
    reference: str
    written: Mapping[str, str]  # by variant; without those that did not translate it


class Pretraining(NamedTuple):
    """What was trained before the variants, once a seed, and which of them needed it."""

    name: str
    updates: int
    begun: Sequence[str]  # the variants that start from it
    drawn: Sequence[str]  # the variants that name it in an option


class Tuned(NamedTuple):
    """What tuning gave a variant, and the score of every value on validation; None: it diverged."""

    variant: str
    chosen: str
    scores: Mapping[str, float | None]


class Trials(NamedTuple):
    """How all variants were tuned alike: the option, the seeds of each value, the metric."""

    option: str
    seeds: int
    metric: str
    variants: Sequence[Tuned]


class Provenance(NamedTuple):
    """How runs were carried out, in words, and the runs that give no score, each with its reason.

    `weights` says which ones are scored, `machine` on what was computed, and `commit` where the
    study lies in a checkout; empty where that is not known.
    """

    weights: Sequence[str] = ()
    machine: Sequence[str] = ()
    commit: str = ""
    excluded: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Report:
    """A finished study.

    `variants` and `seeds` are what was planned, the baseline first; `changes` has the variants that
    differ from it; `runs` are for figures;
    `signatures` say how each text metric was computed, and `faults` which could not be, in a line
    each; `command` is what to type to
    get the report again, and `versions` name what it was made with; `inspections` says how
    often the results were inspected.
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
    tuning: Trials | None = None
    provenance: Provenance = field(default_factory=Provenance)

    @property
    def on_primary(self) -> list[Finding]:
        """The findings that the study was made for."""
        return [finding for finding in self.findings if finding.role == "primary"]

    @property
    def exploratory(self) -> list[Finding]:
        """The findings on every other metric."""
        return [finding for finding in self.findings if finding.role == "exploratory"]

    @property
    def view(self) -> ReportView:
        """The numbers, as figures see them."""
        return ReportView(
            metric=self.primary.name,
            split=self.primary.split,
            higher_is_better=self.primary.higher_is_better,
            variants=tuple(self.variants),
            seeds=tuple(self.seeds),
            findings=tuple(self.findings),
            runs=tuple(self.runs),
            design=self.design,
        )
