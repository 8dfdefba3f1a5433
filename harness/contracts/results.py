"""Measurements, findings and verdicts, and the views of runs and studies for plugins."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, Protocol, runtime_checkable

from harness.contracts.design import Design
from harness.contracts.records import DecodingCost, Evaluation, Outcome, TrainingOutcome
from harness.contracts.text import Split


class Measurement(NamedTuple):
    """One number measured in training; `update` 0 is before training."""

    update: int
    split: Split
    metric: str
    value: float


class SeedValues(NamedTuple):
    """One complete pair."""

    seed: int
    baseline: float
    variant: float


#: The test that verdicts rest on; `Comparison` says what each asks.
Method = Literal["paired_t", "welch", "sign_test"]
#: Runs that diverged are left out of a comparison, or rank below all others.
Diverged = Literal["excluded", "worst"]
#: What is compared: a variant or another pair, an effect of a factor, or chance alone.
FindingKind = Literal["variant", "pair", "effect", "noise_floor"]
#: What a comparison says; [the page on verdicts](../explanation/verdicts.md) says when.
Verdict = Literal[
    "better", "worse", "higher", "lower", "equivalent", "inconclusive", "identical", "no_inference"
]

# A metric's direction in words; None for one that only describes.
DIRECTIONS = {True: "higher is better", False: "lower is better", None: "no direction is better"}


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A variant against the baseline on one metric, over the seeds that both finished.

    What else may be compared, `kind` says: a ``pair`` of variants, of which the second is
    `against`; an ``effect`` of a factorial study, against the score to be expected without it; or a
    variant that changes nothing but chance (``noise_floor``). `baseline_mean` is the mean of what
    stands in `against`. P values are multiplied by `looks`, their planned number, or more at one
    that was added.

    Numbers are in the metric's own unit unless said, and None where there is none. `difference` is
    variant minus baseline, `interval_low` to `interval_high` its t interval, of 95% or, with
    several looks, of 1 - .05 / looks. `reached` and `baseline_reached` count the runs of each side
    that reached the target of a cost; where one did not, costs are bounds, and there is no
    interval. `n` counts complete pairs; by Welch's method, which pairs nothing, the variant's
    scored runs, and `n_baseline` the baseline's. `planned`, `finished`, `failed` and `diverged`
    count the variant's runs, `ended` all that have an outcome, `ended_baseline` and
    `diverged_baseline` the baseline's. `p_diverged`, not corrected, is the exact test that both
    diverge equally often: McNemar's over `ended_pairs`, in which neither failed, or Fisher's. Of
    scores `of_table`, or of studies without a common seed, no plan is known, and `planned` counts
    the seeds that the table has; by Welch's method, the longer side's runs. Where diverged runs
    rank worst, `p` is a signed-rank test's, `p_ranks`, over `n_ranked` pairs; all else is of the
    `n` finished ones. `p_adjusted` is Holm's over the study's variants, `family` of them, also
    those that were dropped when results had been seen; 0 in findings of earlier versions.
    `deviations` says what else was changed then. `p_floor` is the smallest p that the sign-flip
    test can reach with `n` seeds, of which some may be tied, `p_max_t` the joint sign-flip test's,
    which is corrected already.
    `effect_size` is the mean difference in standard deviations, of the differences or, by Welch's
    method, of the scores, without its bias at small n (Hedges 1981). `detectable` is the smallest
    absolute difference that would have been found with 80% power, had its noise been as observed,
    if the metric can differ by so much: a two-sided test at .05 divided by the number of variants,
    as Holm's first step is. `correlation` is that of variant and baseline over seeds,
    `correlation_low` to `correlation_high` its 95% interval (Fisher 1921). `improvement` is the
    probability that a run of the variant beats one of the other side, `improvement_low` to
    `improvement_high` its 95% interval; `baseline_iqm` and `variant_iqm` are interquartile means.
    `split` is empty for scores of other programs on a split that nobody named. `margin` is what the
    study declares to be no difference that matters, `p_equivalent` the p of two one-sided tests
    against it, `p_equivalent_adjusted` Holm's over those. `interval_low` to `interval_high` speaks
    of new seeds on these sentences; `interval_sentences_low` to `interval_sentences_high` of these
    runs on new sentences, and `combined_low` to `combined_high` of both. `p_bootstrap` is the
    paired bootstrap's over sentences (Koehn 2004), of the two models of the first pair only.
    `documents` counts those that sentences were grouped by for all three; 0 if by none. By the
    method ``sign_test``, `difference` is the median of the paired differences, its interval lies
    between two of them, and numbers that exist for means only are None. `caution` names runs far
    from the others of their side, and spreads that differ.
    """

    variant: str
    against: str = "baseline"
    kind: FindingKind = "variant"
    metric: str
    split: str
    role: Literal["primary", "exploratory"]
    method: Method = "paired_t"
    n: int
    n_baseline: int = 0
    looks: int = 1
    planned: int = 0
    finished: int = 0
    failed: int = 0
    diverged: int = 0
    diverged_baseline: int = 0
    ended: int = 0
    ended_baseline: int = 0
    ended_pairs: int = 0
    n_ranked: int = 0
    reached: int | None = None
    baseline_reached: int | None = None
    p_diverged: float | None = None
    baseline_mean: float | None
    variant_mean: float | None
    difference: float | None
    interval_low: float | None
    interval_high: float | None
    p: float | None
    p_adjusted: float | None
    p_sign_flip: float | None
    p_floor: float | None
    p_ranks: float | None = None
    p_max_t: float | None = None
    effect_size: float | None = None
    detectable: float | None = None
    correlation: float | None = None
    correlation_low: float | None = None
    correlation_high: float | None = None
    improvement: float | None = None
    improvement_low: float | None = None
    improvement_high: float | None = None
    baseline_iqm: float | None = None
    variant_iqm: float | None = None
    margin: float | None = None
    p_equivalent: float | None = None
    p_equivalent_adjusted: float | None = None
    interval_sentences_low: float | None = None
    interval_sentences_high: float | None = None
    combined_low: float | None = None
    combined_high: float | None = None
    p_bootstrap: float | None = None
    documents: int = 0
    higher_is_better: bool | None
    verdict: Verdict
    reason: str
    caution: str = ""
    family: int = 0
    deviations: str = ""
    of_table: bool = False
    per_seed: tuple[SeedValues, ...]

    @property
    def label(self) -> str:
        """The comparison in a few words; the baseline is not named."""
        return f"{self.variant} against {self.against}" if self.kind == "pair" else self.variant


class Run(NamedTuple):
    """One experiment with one seed, as its worker sees it; `path` is the folder of its facts."""

    seed: int
    digest: str
    path: Path


class RunView(NamedTuple):
    """One planned run, as observers see it; `path` is the folder that holds its facts.

    `evaluation` is the digest of its decoding, `experiment` all its choices as JSON data, nothing
    left to defaults, and `options` those of them that differ between variants: a path and a word or
    number each, ``none`` where a run has no such option.
    `dataset_digest` stands for the sentences that it learns from. `scores` are the final ones, text
    metrics among them, once they are computed.
    """

    variant: str
    seed: int
    digest: str
    path: Path
    evaluation: str = ""
    # Read-only, since all instances share a default.
    experiment: Mapping[str, Any] = MappingProxyType({})
    options: Mapping[str, str] = MappingProxyType({})
    dataset_digest: str = ""
    scores: Mapping[str, float] = MappingProxyType({})


@dataclass(frozen=True, kw_only=True)
class RunSummary:
    """The result of one planned run, for figures; `outcome` is None until it has ended.

    `scores` are of the compared split, by metric, once the run is finished. `validation` has every
    measurement of the validation split on the way, `seconds` the time that training took and
    `target_tokens` how many target tokens it saw; None where unknown. `generation` is the name of
    its decoding strategy, `decoding` what decoding cost, and `training` the digest that runs share
    which differ in their decoding alone.
    """

    variant: str
    seed: int
    outcome: Outcome | None
    scores: Mapping[str, float]
    validation: tuple[Measurement, ...]
    seconds: float | None
    target_tokens: int | None
    training: str = ""
    generation: str = ""
    decoding: DecodingCost | None = None


@dataclass(frozen=True, kw_only=True)
class ReportView:
    """A report's numbers, as figures see them.

    `metric` is the primary one, on `split`; `variants` and `seeds` are what was planned, the
    baseline first; `runs` has one entry for each of both; `findings` are on every metric; `design`
    says how the variants were chosen.
    """

    metric: str
    split: Split
    higher_is_better: bool | None
    variants: tuple[str, ...]
    seeds: tuple[int, ...]
    findings: tuple[Finding, ...]
    runs: tuple[RunSummary, ...]
    design: Design = field(default_factory=Design)

    @property
    def direction(self) -> str:
        """The direction of the primary metric, for an axis: ``higher is better``."""
        return DIRECTIONS[self.higher_is_better]


@dataclass(frozen=True, kw_only=True)
class StudyView:
    """A study and its runs, as observers see them; `path` is the folder of its report.

    `primary` is the metric that verdicts are on, `resolved` the whole study as JSON data. Beside a
    report, `findings` and `summary` (in Markdown) say what was found, and `files` are its own.
    """

    name: str
    question: str
    path: Path
    runs: Sequence[RunView]
    primary: str = "nll"
    resolved: Mapping[str, Any] = field(default_factory=dict)
    findings: Sequence[Finding] = ()
    summary: str = ""
    files: Sequence[Path] = ()


@runtime_checkable
class LedgerView(Protocol):
    """The folder of runs, read only; half-written lines are never shown."""

    def measurements(self, digest: str) -> Sequence[Measurement]:
        """The measurements of a run so far."""

    def updates(self, digest: str) -> int:
        """The last update that a run has recorded; 0 before the first."""

    def running(self, digest: str) -> bool:
        """True while a process is carrying out the run."""

    def outcome(self, digest: str) -> TrainingOutcome | None:
        """The end of a run's training; None before it."""

    def evaluated(self, digest: str, *, evaluation: str) -> Evaluation | None:
        """The core's scores of one decoding; None before it is finished."""


@runtime_checkable
class Tracking(Protocol):
    """Copies a ledger to where people watch runs."""

    def sync(self, study: StudyView, ledger: LedgerView) -> None:
        """Copy what is new; the same facts passed again change nothing.

        Called in a thread of its own, every few seconds while runs go on and once when the report
        is written; a slow call delays no training. Whatever it raises is reported once; the
        facts that it missed are passed again later.
        """


@runtime_checkable
class Page(Tracking, Protocol):
    """A tracker with a page to open in a browser."""

    def serve(self, study: StudyView, *, port: int | None, ready: Callable[[str], None]) -> None:
        """Show the study on this machine until interrupted.

        `ready` is called with the link once it works. Without a `port`, any free one is taken.
        Raises `HarnessError` when the study cannot be served.
        """
