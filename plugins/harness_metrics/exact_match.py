"""How many lines are right to the last character."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.components import Metric
from harness.contracts import Score, ScoreText


@dataclass(frozen=True, kw_only=True)
class ExactMatch(Metric):
    """Lines equal to their reference in every character, in percent (0 to 100, as BLEU is)."""

    name = "exact_match"

    def build(self) -> ScoreText:
        return _score


def _score(hypotheses: Sequence[str], references: Sequence[str]) -> Score:
    equal = sum(ours == theirs for ours, theirs in zip(hypotheses, references, strict=True))
    return Score(value=100 * equal / len(references), signature="nrefs:1|case:mixed|unit:percent")
