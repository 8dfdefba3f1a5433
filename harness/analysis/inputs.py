"""What a comparison is made from: how each run ended and what it scored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from harness.analysis.resampling import Sentences
from harness.contracts import Outcome, Split

_LARGEST = 1e150  # the square of a larger score is no longer a float


@dataclass(frozen=True, kw_only=True)
class RunResult:
    """What one run came to; `scores` of the compared split by metric, once it is finished.

    `written` stands for everything the run wrote, such as a digest of its hypotheses: two runs with
    equal `written` wrote the same. `tokens` and `references` stand likewise for the target tokens
    and the reference lines that it was scored on. None where that is not known. `sentences` has
    those metrics whose statistics are known sentence by sentence.
    """

    variant: str
    seed: int
    outcome: Outcome
    scores: Mapping[str, float] = field(default_factory=dict)
    written: str | None = None
    tokens: str | None = None
    references: str | None = None
    sentences: Mapping[str, Sentences] = field(default_factory=dict)

    def score(self, metric: str) -> float | None:
        """The run's score, if it finished with a usable number: overflow is none."""
        value = self.scores.get(metric) if self.outcome == "finished" else None
        return value if value is not None and abs(value) <= _LARGEST else None


@dataclass(frozen=True, kw_only=True)
class ScoredMetric:
    """A metric on a split and how to read it; `of_text` if it judges what was written, only."""

    name: str
    higher_is_better: bool
    of_text: bool = False
    split: Split = "test"
