"""How many lines are right to the last character."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.components import Metric
from harness.contracts import BySentence, Score, ScoreText


@dataclass(frozen=True, kw_only=True)
class ExactMatch(Metric):
    """Lines equal to their reference in every character, in percent (0 to 100, as BLEU is)."""

    name = "exact_match"

    def build(self) -> ScoreText:
        return _score

    def by_sentence(self) -> BySentence:
        return BySentence(statistics=_equal, score=lambda sums: 100 * sums[0] / sums[1])


def _score(hypotheses: Sequence[str], references: Sequence[str]) -> Score:
    equal = sum(row[0] for row in _equal(hypotheses, references))
    return Score(value=100 * equal / len(references), signature="nrefs:1|case:mixed|unit:percent")


def _equal(hypotheses: Sequence[str], references: Sequence[str]) -> list[tuple[int, int]]:
    lines = zip(hypotheses, references, strict=True)
    return [(int(ours == theirs), 1) for ours, theirs in lines]
