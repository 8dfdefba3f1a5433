"""Corpus BLEU, by sacrebleu."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from harness.components import Metric
from harness.contracts import BySentence, Score, ScoreText
from harness_metrics.sums import by_line

if TYPE_CHECKING:
    from sacrebleu.metrics.bleu import BLEU


@dataclass(frozen=True, kw_only=True)
class Bleu(Metric):
    """Corpus BLEU from 0 to 100: word n-grams found in the reference, n from 1 to 4.

    BLEU = 100 * min(1, exp(1 - r / h)) * (p_1 p_2 p_3 p_4)^(1/4), where p_n is the share of the
    hypotheses' n-grams that are in their references (each counted as often as it is there), summed
    over all lines before dividing, and h and r count the tokens of hypotheses and references
    (Papineni et al. 2002). Computed by sacrebleu (Post 2018), whose signature is recorded; scores
    compare only under one signature.

    `smooth` says what becomes of an order without a match: ``exp`` counts the k-th of them as 1/2^k
    of a match, ``floor`` as 0.1 of one, and ``none`` leaves BLEU at 0; ``add-k`` adds 1 to every
    order's matches and n-grams, n > 1. `effective_order` leaves out orders that no
    hypothesis is long enough for, which otherwise make BLEU 0.
    """

    name = "bleu"
    tokenize: Literal["13a", "intl", "char", "zh", "none"] = "13a"
    lowercase: bool = False
    smooth: Literal["exp", "floor", "add-k", "none"] = "exp"
    effective_order: bool = False

    def build(self) -> ScoreText:
        bleu = self._sacrebleu()

        def score(hypotheses: Sequence[str], references: Sequence[str]) -> Score:
            value = bleu.corpus_score(hypotheses, [references]).score
            return Score(value=value, signature=str(bleu.get_signature()))

        return score

    def by_sentence(self) -> BySentence:
        return by_line(self._sacrebleu())

    def _sacrebleu(self) -> BLEU:
        from sacrebleu.metrics.bleu import BLEU

        return BLEU(
            tokenize=self.tokenize,
            lowercase=self.lowercase,
            smooth_method=self.smooth,
            effective_order=self.effective_order,
            force=True,  # or it would guess, run by run, that the lines are tokenised, and say so
        )
