"""Corpus BLEU, computed by sacrebleu."""

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
    """Corpus BLEU from 0 to 100: the precision of word n-grams, n from 1 to 4.

    BLEU = 100 * min(1, exp(1 - r / h)) * (p_1 p_2 p_3 p_4)^(1/4), where p_n is the share of the
    hypotheses' n-grams that occur in their references (each matched at most as often as it occurs
    there), summed over all lines before dividing, and h and r are the token counts of hypotheses
    and references (Papineni et al. 2002). Computed by sacrebleu (Post 2018), whose signature is
    recorded; only scores with the same signature are comparable.

    `smooth` sets the treatment of an order without a match: ``exp`` counts the k-th such order as
    1/2^k of a match, ``floor`` as 0.1 of one, and ``none`` leaves BLEU at 0; ``add-k`` adds 1 to
    the matches and to the n-grams of every order n > 1. `effective_order` omits orders for which
    every hypothesis is too short, and which would otherwise make BLEU 0.
    """

    name = "bleu"
    bounds = (0.0, 100.0)
    tokenize: Literal["13a", "intl", "char", "zh", "none"] = "13a"
    lowercase: bool = False
    smooth: Literal["exp", "floor", "add-k", "none"] = "exp"
    effective_order: bool = False

    def build(self) -> ScoreText:
        bleu = self._sacrebleu()

        def score(hypotheses: Sequence[str], references: Sequence[str]) -> Score:
            # sacrebleu takes a list of sets of references; lines have a single reference here.
            value = bleu.corpus_score(hypotheses, [references]).score
            # In this order: sacrebleu has a signature only once it has counted references.
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
            force=True,  # no guessing whether the lines are tokenized, and no warning about it
        )
