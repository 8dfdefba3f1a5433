"""How a score hangs on the sentences that it is measured on; nothing here knows of runs."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

_DRAWS, _SEED = 1000, 12345  # as sacrebleu draws, unless it is told otherwise


class Sentences(NamedTuple):
    """What the sentences of a split have to do with a score.

    `influence` has, for every sentence, n - 1 times what the score loses without it, around their
    mean: of a mean over sentences, a sentence's deviation. `resampled` has the score on sentences
    drawn anew, the same draws for every run.
    """

    influence: Sequence[float]
    resampled: Sequence[float] = ()


def resample(
    rows: Sequence[Sequence[float]], *, score: Callable[[Sequence[float]], float]
) -> Sentences | None:
    """How a score hangs on sentences, if it is a function of sums over them.

    `rows` has the statistics of each sentence, and `score` makes a score of their sum: of all but
    one (the jackknife, Quenouille 1956; Tukey 1958), and of as many drawn anew with replacement
    (the bootstrap, Efron 1979). None where that says nothing: with fewer than two sentences, or if
    the score of some of them is not finite.
    """
    import numpy as np

    table = np.asarray(rows)
    n = len(table)
    if n < 2:
        return None
    left_out = [score(row) for row in (table.sum(axis=0) - table).tolist()]
    drawn = np.random.default_rng(_SEED).choice(n, size=(_DRAWS, n), replace=True)
    resampled = [score(table[row].sum(axis=0).tolist()) for row in drawn]
    if not all(map(math.isfinite, [*left_out, *resampled])):
        return None
    center = math.fsum(left_out) / n
    return Sentences([(n - 1) * (center - value) for value in left_out], resampled)
