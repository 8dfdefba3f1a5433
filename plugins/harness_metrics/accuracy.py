"""Accuracy: the share of words that stand where the reference has them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.components import Metric
from harness.contracts import BySentence, Score, ScoreText
from harness_metrics.ngrams import words_of


@dataclass(frozen=True, kw_only=True)
class Accuracy(Metric):
    """Percentage of written words equal to the reference's word at the same place of the line.

    100 * sum of equal places / sum of max(words written, words of the reference) over all lines: a
    missing word and one too many are errors. It is of text that the model wrote by itself, where
    `token_accuracy` of the core is of tokens predicted after gold ones, and `exact_match` is of
    whole lines. Meant for tasks with one right answer, such as `copy`: in a translation, one word
    more at the front moves all the others to wrong places. 100 where nobody has a word.
    """

    name = "accuracy"
    bounds = (0.0, 100.0)

    def build(self) -> ScoreText:
        return _accuracy

    def by_sentence(self) -> BySentence:
        return BySentence(statistics=_places, score=_percentage)


def _accuracy(hypotheses: Sequence[str], references: Sequence[str]) -> Score:
    sums = [sum(column) for column in zip(*_places(hypotheses, references), strict=True)]
    return Score(value=_percentage(sums), signature="nrefs:1|case:mixed|tok:13a|unit:percent")


def _percentage(sums: Sequence[float]) -> float:
    equal, places = sums
    return 100 * equal / places if places else 100.0


def _places(hypotheses: Sequence[str], references: Sequence[str]) -> list[tuple[int, int]]:
    """For each line, the number of places with equal words, and of all places."""
    pairs = zip(words_of(hypotheses), words_of(references), strict=True)
    return [
        # Not strict: the longer of the two has words that no word stands beside.
        (sum(map(str.__eq__, written, gold)), max(len(written), len(gold)))
        for written, gold in pairs
    ]
