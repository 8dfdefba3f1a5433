"""Jackknife and bootstrap of a score over the sentences of a split."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.generic[Any]]

LARGEST = 1e150  # the square of a larger score overflows a float
_DRAWS, _SEED = 1000, 12345  # sacrebleu's defaults, so that its paired bootstrap is reproduced
_AT_ONCE = 50_000  # sentences: what fits in a processor's cache


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


@dataclass(frozen=True)
class Statistics:
    """The statistics of each sentence, of whose sums over sentences a score is a function.

    With `documents`, one for each sentence, the bootstrap samples whole documents (Davison, Hinkley
    1997, section 3.8).
    """

    rows: Sequence[Sequence[float]]
    documents: Sequence[str] = ()

    @cached_property
    def without_one(self) -> list[list[float]]:
        """The sums over all sentences but one, as plain lists: a score need not know numpy."""
        table = self._table
        sums: list[list[float]] = (table.sum(axis=0) - table).tolist()
        return sums

    @cached_property
    def sampled(self) -> list[list[float]]:
        """The sums over as many sentences, or documents, sampled with replacement."""
        import numpy as np

        units = self._table
        if self.documents:
            units = _by_document(units, documents=self.documents)
        count = len(units)
        samples = np.random.default_rng(_SEED).choice(count, size=(_DRAWS, count), replace=True)
        sums: list[list[float]] = []
        # Some at a time: the statistics of all samples of a large corpus fill gigabytes.
        several = max(1, _AT_ONCE // count)
        for first in range(0, _DRAWS, several):
            sums += units[samples[first : first + several]].sum(axis=1).tolist()
        return sums

    @cached_property
    def _table(self) -> Floats:
        import numpy as np

        return np.asarray(self.rows)


def resample(
    statistics: Statistics, *, score: Callable[[Sequence[float]], float]
) -> Sentences | None:
    """Resample a score that is a function of sums over sentences.

    It is computed over all sentences but one (the jackknife, Quenouille 1956; Tukey 1958), and over
    as many sampled with replacement (the bootstrap, Efron 1979). None with fewer than two
    sentences, or if the score of some sample is not finite, or so large that its square would not
    be.
    """
    n = len(statistics.rows)
    if n < 2:
        return None
    left_out = [*map(score, statistics.without_one)]
    resampled = [*map(score, statistics.sampled)]
    if not _are_comparable([*left_out, *resampled]):
        return None
    center = math.fsum(left_out) / n
    influence = [(n - 1) * (center - value) for value in left_out]
    if not _are_comparable(influence):
        return None
    return Sentences(influence, resampled, statistics.documents)


def _by_document(table: Floats, *, documents: Sequence[str]) -> Floats:
    """The sums of statistics of every document, in the order of their first sentences."""
    import numpy as np

    numbers = {name: number for number, name in enumerate(dict.fromkeys(documents))}
    sums = np.zeros((len(numbers), table.shape[1]), dtype=table.dtype)
    np.add.at(sums, [numbers[name] for name in documents], table)
    return sums


def _are_comparable(values: Sequence[float]) -> bool:
    return all(abs(value) <= LARGEST for value in values)  # not a number is not
