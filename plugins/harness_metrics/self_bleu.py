"""Self-BLEU: how much the written lines resemble each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from harness.components import Metric
from harness.components.options import Repeats
from harness.contracts import Score, ScoreText
from harness_metrics.ngrams import Ngram, ngrams, words_of


@dataclass(frozen=True, kw_only=True)
class SelfBleu(Metric):
    """Mean BLEU of each written line against all the others: how much they resemble each other.

    The others are the references of a line: an n-gram matches at most as often as it occurs in any
    one of them, and the brevity penalty takes the length that is nearest, of two as near the
    shorter (Zhu et al. 2018). `order` is the length of the longest n-gram; a line with fewer words
    is scored up to its own. An order without a match counts as 0.1 of one, and a line without any
    scores 0, as does a line that is alone. It looks at no reference, and neither direction is
    better: the lines that were to be written resemble each other too. From 0 to 100.
    """

    name = "self_bleu"
    higher_is_better = None
    bounds = (0.0, 100.0)
    order: Repeats = 4

    def build(self) -> ScoreText:
        def score(hypotheses: Sequence[str], references: Sequence[str]) -> Score:
            lines = words_of(hypotheses)
            matches = [_matches(lines, n=n) for n in range(1, self.order + 1)]
            nearest = _nearest_lengths([len(words) for words in lines])
            rows = zip(lines, nearest, zip(*matches, strict=True), strict=True)
            values = [self._bleu(words, nearest=length, matches=row) for words, length, row in rows]
            signature = f"order:{self.order}|case:mixed|eff:yes|tok:13a|smooth:floor[0.1]"
            return Score(value=fmean(values), signature=signature)

        return score

    def _bleu(self, words: Sequence[str], *, nearest: int, matches: Sequence[int]) -> float:
        from sacrebleu.metrics.bleu import BLEU

        result = BLEU.compute_bleu(
            correct=[*matches],
            total=[max(0, len(words) - n) for n in range(self.order)],
            sys_len=len(words),
            ref_len=nearest,
            smooth_method="floor",
            smooth_value=0.1,
            effective_order=True,
            max_ngram_order=self.order,
        )
        return float(result.score)


def _matches(lines: Sequence[Sequence[str]], *, n: int) -> list[int]:
    """For each line, its n-grams that match, each at most as often as it is in some other line."""
    counts = [ngrams(words, n=n) for words in lines]
    # The two largest counts are enough to know the largest one among the others of any line, in
    # one pass over the corpus where pairs of lines would be a million for a thousand lines.
    largest: dict[Ngram, tuple[int, int]] = {}
    for line in counts:
        for ngram, count in line.items():
            first, second = largest.get(ngram, (0, 0))
            largest[ngram] = (max(first, count), max(second, min(first, count)))
    return [
        sum(
            min(count, second if count == first else first)
            for ngram, count in line.items()
            for first, second in [largest[ngram]]
        )
        for line in counts
    ]


def _nearest_lengths(lengths: Sequence[int]) -> list[int]:
    """For each line, the length of another line that is nearest to its own; 0 if it is alone."""
    counts = Counter(lengths)
    return [
        min(
            (other for other in counts if other != length or counts[other] > 1),
            key=lambda other: (abs(other - length), other),
            default=0,
        )
        for length in lengths
    ]
