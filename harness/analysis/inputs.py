"""Inputs of a comparison: the outcome and the scores of each run, and the metrics."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from harness.analysis.resampling import LARGEST, Sentences
from harness.contracts import Cost, Course, Outcome, Split


@dataclass(frozen=True, kw_only=True)
class RunResult:
    """The outcome of one run and, once it has finished, its `scores` on the split by metric.

    `output_digest` identifies everything that the run wrote, for example by a digest of its
    hypotheses: two runs with equal digests wrote the same. `training` likewise identifies the
    training, and so the weights, `tokens` and `references` the target tokens and the reference
    lines that it was scored on. Each is None if not known. `unscored` has the reasons, by metric,
    why a run that finished has no score. `sentences` has the metrics whose
    statistics are known for every sentence, `course` the validation curve.
    """

    variant: str
    seed: int
    outcome: Outcome
    scores: Mapping[str, float] = field(default_factory=dict)
    output_digest: str | None = None
    training: str | None = None
    tokens: str | None = None
    references: str | None = None
    unscored: Mapping[str, str] = field(default_factory=dict)
    sentences: Mapping[str, Sentences] = field(default_factory=dict)
    course: Course | None = None

    def score(self, metric: str) -> float | None:
        """The run's score; None if it did not finish or the score is missing or too large."""
        value = self.scores.get(metric) if self.outcome == "finished" else None
        return value if value is not None and abs(value) <= LARGEST else None


@dataclass(frozen=True, kw_only=True)
class ToTarget:
    """The rule of a metric that is a cost to reach a validation `nll`; some runs never do."""

    cost: Cost
    nll: float


@dataclass(frozen=True, kw_only=True)
class AtEqualCost:
    """The rule of a metric that is another one on validation, once both runs had cost the same."""

    cost: Cost
    metric: str


@dataclass(frozen=True, kw_only=True)
class ScoredMetric:
    """A metric on a split, and its direction; `of_text` if it scores generated text only.

    `of_raw_text` if it scores the raw references, whatever tokens they are cut into.
    `higher_is_better` is None where neither direction is better.

    `bounds` are the least and the largest score that it can give. `split` is None where it is not
    known. `presumed` is True for a direction that nobody stated. By a `rule`, a run's score depends
    on the run that it is compared with.
    """

    name: str
    higher_is_better: bool | None
    of_text: bool = False
    of_raw_text: bool = False
    bounds: tuple[float, float] = (-math.inf, math.inf)
    split: Split | None = "test"
    presumed: bool = False
    rule: ToTarget | AtEqualCost | None = None

    @property
    def across_tokens(self) -> bool:
        """True if runs can be compared whose sentences are the same, and their tokens are not."""
        return self.of_text or self.of_raw_text
