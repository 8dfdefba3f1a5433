"""The task of sorting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness_datasets.sequences import Sequences


@dataclass(frozen=True, kw_only=True)
class Sort(Sequences):
    """Sequences of numbers to be written in rising order, each as often as it comes.

    y_1 <= y_2 <= ... <= y_n, as numbers (2 before 10). No place of what is read decides a place of
    what is written: a model must compare and count, and can guess much from what it has written,
    so that its loss begins lower than that of `reverse`.

    Numbers are drawn as for `copy`, but the first is free too, unless `first` sets it. Test begins
    with ``1 2 3 4 ...`` where that is allowed, which is sorted as it stands. `draw` chooses other
    sequences.
    """

    name = "sort"

    def _answer(self, numbers: Sequence[int]) -> Sequence[int]:
        return sorted(numbers)
