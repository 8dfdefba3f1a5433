"""Jackknife and bootstrap of a score over the sentences of a split."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

LARGEST = 1e150  # the square of a larger score overflows a float
_DRAWS, _SEED = 1000, 12345  # sacrebleu's defaults, so that its paired bootstrap is reproduced


class Sentences(NamedTuple):
    """The contribution of each sentence to a score, and the score on resampled sentences.

    `influence` has, for every sentence, n - 1 times the loss of the score without it, centered: for
    a mean over sentences, the deviation of the sentence. `resampled` has the score on bootstrap
    samples of the sentences, the same samples for every run.
    """

    influence: Sequence[float]
    resampled: Sequence[float] = ()


def resample(
    rows: Sequence[Sequence[float]], *, score: Callable[[Sequence[float]], float]
) -> Sentences | None:
    """Resample a score that is a function of sums over sentences.

    `rows` has the statistics of each sentence, and `score` makes a score of their sum: over all
    sentences but one (the jackknife, Quenouille 1956; Tukey 1958), and over as many sampled with
    replacement (the bootstrap, Efron 1979). None with fewer than two sentences, or if the score of
    some sample is not finite, or so large that its square would not be.
    """
    import numpy as np

    table = np.asarray(rows)
    n = len(table)
    if n < 2:
        return None
    # As plain lists: the score is a plugin's function, which need not know numpy.
    left_out = [score(row) for row in (table.sum(axis=0) - table).tolist()]
    samples = np.random.default_rng(_SEED).choice(n, size=(_DRAWS, n), replace=True)
    resampled = [score(table[row].sum(axis=0).tolist()) for row in samples]
    if not _are_comparable([*left_out, *resampled]):
        return None
    center = math.fsum(left_out) / n
    influence = [(n - 1) * (center - value) for value in left_out]
    return Sentences(influence, resampled) if _are_comparable(influence) else None


def _are_comparable(values: Sequence[float]) -> bool:
    return all(abs(value) <= LARGEST for value in values)  # not a number is not
