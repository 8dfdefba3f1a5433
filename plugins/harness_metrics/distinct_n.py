"""Distinct n-grams: how varied the written text is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from harness.components import Metric
from harness.components.options import Repeats
from harness.contracts import Score, ScoreText
from harness_metrics.ngrams import Ngram, ngrams, words_of


@dataclass(frozen=True, kw_only=True)
class DistinctN(Metric):
    """Percentage of distinct n-grams among all that are written: how varied the text is.

    100 * (different n-grams) / (all n-grams), counted over all lines together, n-grams of words
    within a line (Li et al. 2016, who divide by the number of words instead, so that theirs of
    n > 1 is a little lower). It looks at no reference, and neither direction is better: repeating
    one line is not varied, and words drawn at random are. It falls as more is written, so that a
    variant that writes less seems more varied. 0 where no line has `n` words.
    """

    name = "distinct_n"
    higher_is_better = None
    bounds = (0.0, 100.0)
    n: Repeats = 2

    def build(self) -> ScoreText:
        def score(hypotheses: Sequence[str], references: Sequence[str]) -> Score:
            counts: Counter[Ngram] = Counter()
            for words in words_of(hypotheses):
                counts.update(ngrams(words, n=self.n))
            value = 100 * len(counts) / counts.total() if counts else 0.0
            signature = f"n:{self.n}|of:ngrams|case:mixed|tok:13a|unit:percent"
            return Score(value=value, signature=signature)

        return score
