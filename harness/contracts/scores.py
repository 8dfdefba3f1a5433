"""The core's scores: their names, directions and bounds."""

from __future__ import annotations

import math

#: The scores that every run has and no plugin can redefine; whether higher is better.
CORE_METRICS = {
    "nll": False,
    "perplexity": False,
    "token_accuracy": True,
    "bits_per_byte": False,
}

#: The least and the largest score of each.
CORE_BOUNDS = {
    "nll": (0.0, math.inf),
    "perplexity": (1.0, math.inf),
    "token_accuracy": (0.0, 1.0),
    "bits_per_byte": (0.0, math.inf),
}

#: Those of a text and not of its tokens: runs with different tokenizers can be compared by them.
OF_RAW_TEXT = frozenset({"bits_per_byte"})
