"""Jackknife and bootstrap of a score over the sentences of a split."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.generic[Any]]

LARGEST = 1e150  # the square of a larger score overflows a float
_DRAWS, _SEED = 1000, 12345  # sacrebleu's defaults, so that its paired bootstrap is reproduced


class Sentences(NamedTuple):
    """The contribution of each sentence to a score, and the score on resampled sentences.

    `influence` has, for every sentence, n - 1 times the loss of the score without it, centered: for
    a mean over sentences, the deviation of the sentence. `resampled` has the score on bootstrap
    samples of the sentences, the same samples for every run. `documents` has the document of each
    sentence; empty if sentences are independent.
    """

    influence: Sequence[float]
    resampled: Sequence[float] = ()
    documents: Sequence[str] = ()


def resample(
    rows: Sequence[Sequence[float]],
    *,
    score: Callable[[Sequence[float]], float],
    documents: Sequence[str] = (),
) -> Sentences | None:
    """Resample a score that is a function of sums over sentences.

    `rows` has the statistics of each sentence, and `score` makes a score of their sum: over all
    sentences but one (the jackknife, Quenouille 1956; Tukey 1958), and over as many sampled with
    replacement (the bootstrap, Efron 1979). With `documents`, one for each sentence, the bootstrap
    samples whole documents (Davison, Hinkley 1997, section 3.8). None with fewer than two
    sentences, or if the score of some sample is not finite, or so large that its square would not
    be.
    """
    import numpy as np

    table = np.asarray(rows)
    n = len(table)
    if n < 2:
        return None
    # As plain lists: the score is a plugin's function, which need not know numpy.
    left_out = [score(row) for row in (table.sum(axis=0) - table).tolist()]
    units = table if not documents else _by_document(table, documents=documents)
    count = len(units)
    samples = np.random.default_rng(_SEED).choice(count, size=(_DRAWS, count), replace=True)
    resampled = [score(units[row].sum(axis=0).tolist()) for row in samples]
    if not _are_comparable([*left_out, *resampled]):
        return None
    center = math.fsum(left_out) / n
    influence = [(n - 1) * (center - value) for value in left_out]
    return Sentences(influence, resampled, documents) if _are_comparable(influence) else None


def _by_document(table: Floats, *, documents: Sequence[str]) -> Floats:
    """The sums of statistics of every document, in the order of their first sentences."""
    import numpy as np

    numbers = {name: number for number, name in enumerate(dict.fromkeys(documents))}
    sums = np.zeros((len(numbers), table.shape[1]), dtype=table.dtype)
    np.add.at(sums, [numbers[name] for name in documents], table)
    return sums


def _are_comparable(values: Sequence[float]) -> bool:
    return all(abs(value) <= LARGEST for value in values)  # not a number is not
