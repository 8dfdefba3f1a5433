"""The shapes of what a study plans and finds, as commands print it with ``--json``."""

from __future__ import annotations

from dataclasses import dataclass

from harness.comparability.controls import Controls
from harness.contracts import Finding
from harness.planning.preview.power import Resolution
from harness.planning.probe.estimate import Estimate
from harness.study.changes import Change


@dataclass(frozen=True, kw_only=True)
class StudyAnswer:
    """What a study found.

    `metric` is the primary one, on `split`, which is null of scores on a split that nobody named;
    `answer` is the report's, in words; `findings` are as in findings.json. `failed` has a line for
    each run or metric that failed, `remaining` one for each run that a limit left undone. `report`
    is the path of the page; null of a comparison.
    """

    study: str
    question: str
    metric: str
    split: str | None
    higher_is_better: bool | None
    seeds: list[int]
    answer: str
    findings: list[Finding]
    failed: list[str]
    remaining: list[str]
    report: str | None


@dataclass(frozen=True, kw_only=True)
class ChallengeAnswer(StudyAnswer):
    """What the fresh seeds found, and for each variant whether its verdict held."""

    verdicts: list[VerdictFate]


@dataclass(frozen=True, kw_only=True)
class VerdictFate:
    """A verdict, then and with fresh seeds; `agreement` compares the differences themselves."""

    label: str
    then: str
    now: str | None
    reason: str
    agreement: str
    held: bool


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A plan: its digest, what each run is and why it is missing, what each variant changes.

    `tuning` says what tuning costs, where there is any; `estimate` is of --probe.
    """

    plan: str
    runs: list[RunEntry]
    variants: dict[str, VariantEntry]
    resolution: Resolution
    tuning: str | None
    estimate: Estimate | None
    warnings: list[str]


@dataclass(frozen=True, kw_only=True)
class RunEntry:
    """A run; `why` says why it is to be carried out.

    `start` is true of runs that others start from or draw on; `needs` and `drafts` are those of a
    run, by their digests.
    """

    variant: str
    seed: int
    digest: str
    evaluation: str
    exists: bool
    why: str
    start: bool
    needs: list[str]
    drafts: list[str]


@dataclass(frozen=True, kw_only=True)
class VariantEntry:
    """A variant: its changes, side effects, and what it shares with the baseline."""

    changes: list[Change]
    controls: Controls
    shares: SharesEntry | None


@dataclass(frozen=True, kw_only=True)
class SharesEntry:
    """What is equal to the baseline's with the same seed: initial parameters, order of batches."""

    summary: str
    parameters: list[str]
    others: list[str]
    order: bool


@dataclass(frozen=True, kw_only=True)
class Pooled:
    """The differences of several studies, pooled for each variant."""

    findings: list[PooledVariant]


@dataclass(frozen=True, kw_only=True)
class PooledVariant:
    """A variant over all studies; `predicted` is the interval for one more study."""

    variant: str
    against: str
    metric: str
    split: str
    verdict: str
    p_adjusted: float
    mean: float
    error: float
    df: int
    low: float
    high: float
    p: float
    tau_squared: float
    i_squared: float
    q: float
    p_heterogeneity: float
    predicted: tuple[float, float] | None
    studies: list[PooledStudy]


@dataclass(frozen=True, kw_only=True)
class PooledStudy:
    """A study's part in the pooled difference; `lost` are seeds without a pair."""

    study: str
    n: int
    lost: int
    difference: float
    error: float
    weight: float


@dataclass(frozen=True, kw_only=True)
class ExportedFindings:
    """The findings, as in findings.json."""

    findings: list[Finding]


@dataclass(frozen=True, kw_only=True)
class ExportedScores:
    """With --runs: a score an entry, and one without metric of a run that has no scores."""

    scores: list[ScoreEntry]


@dataclass(frozen=True, kw_only=True)
class ScoreEntry:
    """A final score, and the torch and the code of harness that the run was found with."""

    run: str
    variant: str
    seed: int
    outcome: str
    metric: str | None
    value: float | None
    torch: str
    code: str


@dataclass(frozen=True, kw_only=True)
class ExportedCurves:
    """With --curves: what was measured in training; a value that is not finite is null."""

    curves: list[CurveEntry]


@dataclass(frozen=True, kw_only=True)
class CurveEntry:
    """A measurement; the update 0 is before training."""

    variant: str
    seed: int
    update: int
    split: str
    metric: str
    value: float | None


@dataclass(frozen=True, kw_only=True)
class ExportedModel:
    """With --weights: the folder of a model; `written` is false if it was there already."""

    folder: str
    run: str
    written: bool
