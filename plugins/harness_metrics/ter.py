"""Corpus TER, computed by sacrebleu."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.components import Metric
from harness.contracts import BySentence, Score, ScoreText
from harness_metrics.sums import by_line

if TYPE_CHECKING:
    from sacrebleu.metrics.ter import TER


@dataclass(frozen=True, kw_only=True)
class Ter(Metric):
    """Translation edit rate: edits per 100 words of the reference; lower is better.

    TER = 100 * e / r, where e is the number of edits that turn the hypotheses into their references
    and r the number of words of the references, both summed over all lines (Snover et al. 2006). An
    edit inserts, deletes or substitutes a word, or shifts a run of words elsewhere, and shifts are
    found greedily. It is above 100 where hypotheses are longer than what they should have been.
    Computed by sacrebleu (Post 2018) after Tercom, whose signature is recorded; only scores with
    the same signature are comparable.

    Case is ignored unless `case_sensitive`. `normalized` splits punctuation from words, `no_punct`
    leaves it out, and `asian_support` makes both of them treat Chinese and Japanese characters too.
    """

    name = "ter"
    higher_is_better = False
    bounds = (0.0, math.inf)
    normalized: bool = False
    no_punct: bool = False
    asian_support: bool = False
    case_sensitive: bool = False

    def build(self) -> ScoreText:
        ter = self._sacrebleu()

        def score(hypotheses: Sequence[str], references: Sequence[str]) -> Score:
            value = float(ter.corpus_score(hypotheses, [references]).score)
            # In this order: sacrebleu has a signature only once it has counted references.
            return Score(value=value, signature=str(ter.get_signature()))

        return score

    def by_sentence(self) -> BySentence:
        return by_line(self._sacrebleu())

    def _sacrebleu(self) -> TER:
        from sacrebleu.metrics.ter import TER

        return TER(
            normalized=self.normalized,
            no_punct=self.no_punct,
            asian_support=self.asian_support,
            case_sensitive=self.case_sensitive,
        )
