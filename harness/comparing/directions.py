"""Directions and bounds of metrics that other programs report, by their usual names."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

# As whole words of a name: valid_loss and TER-char, but not lossless or internal.
_LOWER_IS_BETTER = frozenset(
    (
        *("bits", "bpb", "bpc", "crossentropy", "entropy", "kl", "loss", "losses", "nats", "nll"),
        *("perplexity", "ppl", "brier", "mae", "mape", "mse", "rmse"),
        *("err", "error", "errors", "cer", "der", "ece", "eer", "fer", "fid", "per", "ter", "wer"),
        *("edits", "failures", "mistakes"),
        *("cost", "dollars", "energy", "flops", "joules", "latency", "ms", "regret", "runtime"),
        *("seconds", "time"),
    )
)
_SHARES = frozenset(  # of 1 or, as percentages, of 100
    (
        *("acc", "accuracy", "auc", "auroc", "bleu", "chrf", "em", "exact", "f", "jaccard", "map"),
        *("mrr", "ndcg", "precision", "recall", "rouge"),
    )
)
# Texts may have too much of these and too little, as of the metrics `distinct_n` and `self_bleu`.
_DESCRIPTIVE = (frozenset(("distinct",)), frozenset(("length",)), frozenset(("self", "bleu")))
_NEGATED = frozenset(("neg", "negated", "negative"))
# Words of snake_case and of CamelCase: validLoss has the word Loss.
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
# Of a rate, what is counted has the direction: more tokens per second, fewer seconds per token.
_RATE = re.compile(r"(?<=[A-Za-z0-9])([_ -]+per[_ -]+(?=[A-Za-z])|Per(?=[A-Z])).*")


def usual_direction(metric: str) -> bool | None:
    """True if higher is better, as of any metric whose name has no word for the contrary.

    A negated metric has the other direction: negative log likelihood, neg_mean_squared_error. None
    of a metric that only describes: distinct-2, self-BLEU, output_length.
    """
    words = _words(_RATE.sub("", metric))
    if any(described <= words for described in _DESCRIPTIVE):
        return None
    return bool(words & _LOWER_IS_BETTER) == bool(words & _NEGATED)


def usual_bounds(metric: str, *, scores: Sequence[float]) -> tuple[float, float]:
    """The least and the largest score of a metric with this name; infinite where not known."""
    words, low, high = _words(metric), min(scores, default=0.0), max(scores, default=0.0)
    if low < 0 or words & _NEGATED or not words & (_SHARES | _LOWER_IS_BETTER):
        return -math.inf, math.inf
    if words & _LOWER_IS_BETTER or high > 100:
        return 0.0, math.inf
    return 0.0, 1.0 if high <= 1 else 100.0


def _words(metric: str) -> set[str]:
    return {word.casefold() for word in _WORD.findall(metric)}
