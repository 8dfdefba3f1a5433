"""ROUGE-L: the longest common subsequence of words with the reference."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from harness.components import Metric
from harness.contracts import BySentence, Score, ScoreText

_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, kw_only=True)
class Rouge(Metric):
    """ROUGE-L in percent: the F1 of the longest common subsequence of words, averaged over lines.

    For a line, F1 = 2 P R / (P + R), where P is the length of the longest sequence of words that is
    in hypothesis and reference in the same order, gaps allowed, over the words of the hypothesis,
    and R the same over those of the reference (Lin 2004). Words are runs of letters and digits of
    any alphabet in lower case, without stemming; on text of the letters a to z the score is that of
    the package rouge-score. Where hypothesis or reference has no word, F1 is 0.
    """

    name = "rouge"
    bounds = (0.0, 100.0)

    def build(self) -> ScoreText:
        return _rouge

    def by_sentence(self) -> BySentence:
        return BySentence(statistics=_f1_by_line, score=lambda sums: 100 * sums[0] / sums[1])


def _rouge(hypotheses: Sequence[str], references: Sequence[str]) -> Score:
    total = math.fsum(row[0] for row in _f1_by_line(hypotheses, references))
    signature = "rouge:L|measure:f1|nrefs:1|case:lc|tok:letters-digits|stem:no|unit:percent"
    return Score(value=100 * total / len(references), signature=signature)


def _f1_by_line(hypotheses: Sequence[str], references: Sequence[str]) -> list[tuple[float, int]]:
    """For each line, its F1 and the number of lines (1), so that sums make a score."""
    pairs = zip(hypotheses, references, strict=True)
    return [
        (_f1(_words(hypothesis), reference=_words(reference)), 1) for hypothesis, reference in pairs
    ]


def _words(line: str) -> list[str]:
    return _WORD.findall(line.lower())


def _f1(hypothesis: Sequence[str], *, reference: Sequence[str]) -> float:
    # 2 P R / (P + R) with P = l / h and R = l / r is 2 l / (h + r), which is never 0 / 0 for words.
    words = len(hypothesis) + len(reference)
    return 2 * _longest_common(hypothesis, other=reference) / words if words else 0.0


def _longest_common(words: Sequence[str], *, other: Sequence[str]) -> int:
    """The length of the longest common subsequence, by rows of its table."""
    above = [0] * (len(other) + 1)
    for word in words:
        row = [0]
        for column, candidate in enumerate(other):
            longer = above[column] + 1 if word == candidate else max(above[column + 1], row[-1])
            row.append(longer)
        above = row
    return above[-1]
