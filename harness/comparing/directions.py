"""Directions of metrics that other programs report, by their usual names."""

from __future__ import annotations

import re

# As whole words of a name: valid_loss and TER-char, but not lossless or internal.
_LOWER_IS_BETTER = frozenset(
    (
        *("bpb", "bpc", "crossentropy", "entropy", "kl", "loss", "losses", "nats", "nll"),
        *("perplexity", "ppl", "brier", "mae", "mape", "mse", "rmse"),
        *("err", "error", "errors", "cer", "der", "ece", "eer", "fer", "fid", "per", "ter", "wer"),
        *("cost", "flops", "latency", "ms", "regret", "runtime", "seconds", "time"),
    )
)
# Words of snake_case and of CamelCase: validLoss has the word Loss.
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


def usual_direction(metric: str) -> bool:
    """True if higher is better, as of any metric whose name has no word for the contrary."""
    return not {word.casefold() for word in _WORD.findall(metric)} & _LOWER_IS_BETTER
