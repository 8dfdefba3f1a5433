"""What runs leave behind, what is found in it, and both as observers see them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol, runtime_checkable

from harness.contracts.text import Split

# The scores that every run has and no plugin can redefine; whether higher is better.
CORE_METRICS = {"nll": False, "perplexity": False, "token_accuracy": True}


class Measurement(NamedTuple):
    """One number learned on the way; `update` 0 is before training."""

    update: int
    split: Split
    metric: str
    value: float


class SeedValues(NamedTuple):
    """One complete pair."""

    seed: int
    baseline: float
    variant: float


Verdict = Literal["better", "worse", "equivalent", "inconclusive", "identical", "no_inference"]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A variant against the baseline on one metric, over the seeds that both finished.

    `difference` is variant minus baseline in the metric's own unit; None where there is no number.
    `p_floor` is the smallest p that the sign-flip test can reach with `n` seeds.
    """

    variant: str
    metric: str
    split: str
    role: Literal["primary", "exploratory"]
    n: int
    baseline_mean: float | None
    variant_mean: float | None
    difference: float | None
    interval_low: float | None
    interval_high: float | None
    p: float | None
    p_adjusted: float | None
    p_sign_flip: float | None
    p_floor: float | None
    higher_is_better: bool
    verdict: Verdict
    reason: str
    per_seed: tuple[SeedValues, ...]


class Run(NamedTuple):
    """One experiment with one seed, as its worker sees it; `path` is the folder of its facts."""

    seed: int
    digest: str
    path: Path


class RunView(NamedTuple):
    """One planned run, as observers see it; `path` is the folder that holds its facts."""

    variant: str
    seed: int
    digest: str
    path: Path


Outcome = Literal["finished", "diverged", "failed"]


@dataclass(frozen=True, kw_only=True)
class RunFacts:
    """What one planned run came to, for figures; `outcome` is None for a run that has not ended.

    `scores` are of the compared split, by metric, once the run is finished. `validation` has every
    measurement of the validation split on the way, `seconds` the time that training took and
    `target_tokens` how many target tokens it saw; None where that is not known.
    """

    variant: str
    seed: int
    outcome: Outcome | None
    scores: Mapping[str, float]
    validation: tuple[Measurement, ...]
    seconds: float | None
    target_tokens: int | None


@dataclass(frozen=True, kw_only=True)
class ReportView:
    """A report's numbers, as figures see them.

    `metric` is the primary one, on `split`; `variants` and `seeds` are what was planned, the
    baseline first; `runs` has one entry for each of both; `findings` are on every metric.
    """

    metric: str
    split: Split
    higher_is_better: bool
    variants: tuple[str, ...]
    seeds: tuple[int, ...]
    findings: tuple[Finding, ...]
    runs: tuple[RunFacts, ...]


@dataclass(frozen=True, kw_only=True)
class StudyView:
    """A study and its runs, as observers see them."""

    name: str
    question: str
    path: Path
    runs: Sequence[RunView]


@runtime_checkable
class LedgerView(Protocol):
    """The folder of runs, read only; half-written lines are never shown."""

    def measurements(self, digest: str) -> Sequence[Measurement]:
        """What a run has measured so far."""

    def outcome(self, digest: str) -> Mapping[str, Any] | None:
        """How a run ended; None as long as it has not."""
