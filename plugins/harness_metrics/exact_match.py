"""Exact match: the share of lines equal to their reference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.components import Metric
from harness.contracts import BySentence, Score, ScoreText


@dataclass(frozen=True, kw_only=True)
class ExactMatch(Metric):
    """Percentage of lines equal to their reference in every character (0 to 100, like BLEU)."""

    name = "exact_match"
    bounds = (0.0, 100.0)

    def build(self) -> ScoreText:
        return _exact_match

    def by_sentence(self) -> BySentence:
        return BySentence(statistics=_matches, score=lambda sums: 100 * sums[0] / sums[1])


def _exact_match(hypotheses: Sequence[str], references: Sequence[str]) -> Score:
    equal = sum(row[0] for row in _matches(hypotheses, references))
    return Score(value=100 * equal / len(references), signature="nrefs:1|case:mixed|unit:percent")


def _matches(hypotheses: Sequence[str], references: Sequence[str]) -> list[tuple[int, int]]:
    """For each line, the number of matches (0 or 1) and of lines (1), so that sums make a score."""
    pairs = zip(hypotheses, references, strict=True)
    return [(int(hypothesis == reference), 1) for hypothesis, reference in pairs]
