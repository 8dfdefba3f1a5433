"""Corpus chrF and chrF++, computed by sacrebleu."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.components import Metric
from harness.components.options import OptionalRepeats, Repeats
from harness.contracts import BySentence, Score, ScoreText
from harness_metrics.sums import by_line

if TYPE_CHECKING:
    from sacrebleu.metrics.chrf import CHRF


@dataclass(frozen=True, kw_only=True)
class Chrf(Metric):
    """Corpus chrF2 from 0 to 100: character n-grams shared with the reference; optionally chrF++.

    chrF = 100 * 5 P R / (4 P + R), an F score that weights recall twice as much as precision. P_n
    is the share of the hypotheses' n-grams that occur in their references and R_n the share of the
    references' n-grams that occur in the hypotheses, each summed over all lines; P and R are their
    means over n (Popović 2015). `char_order` is the length of the longest character n-gram, spaces
    excluded; `word_order` that of the longest word n-gram, 0 for chrF and 2 for chrF++ (Popović
    2017). Computed by sacrebleu, whose signature is recorded; only scores with the same signature
    are comparable.
    """

    name = "chrf"
    bounds = (0.0, 100.0)
    char_order: Repeats = 6
    word_order: OptionalRepeats = 0
    lowercase: bool = False

    def build(self) -> ScoreText:
        chrf = self._sacrebleu()

        def score(hypotheses: Sequence[str], references: Sequence[str]) -> Score:
            value = chrf.corpus_score(hypotheses, [references]).score
            # In this order: sacrebleu has a signature only once it has counted references.
            return Score(value=value, signature=str(chrf.get_signature()))

        return score

    def by_sentence(self) -> BySentence:
        return by_line(self._sacrebleu())

    def _sacrebleu(self) -> CHRF:
        from sacrebleu.metrics.chrf import CHRF

        return CHRF(
            char_order=self.char_order, word_order=self.word_order, lowercase=self.lowercase
        )
