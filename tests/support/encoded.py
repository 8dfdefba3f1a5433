"""Sentences as the core keeps them, from lists of token numbers."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, chain

import numpy as np

from harness.training.token_rows import TokenRows


def token_rows(sentences: Sequence[Sequence[int]]) -> TokenRows:
    """The sentences in one array, with the places where they begin."""
    starts = [*accumulate(map(len, sentences), initial=0)]
    return TokenRows(np.array([*chain(*sentences)], np.uint16), np.array(starts))
