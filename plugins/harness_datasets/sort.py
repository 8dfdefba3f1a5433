"""The sorting task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness_datasets.sequences import Sequences


@dataclass(frozen=True, kw_only=True)
class Sort(Sequences):
    """Sequences of numbers to sort in ascending order, with duplicates.

    y_1 <= y_2 <= ... <= y_n, compared as numbers (2 before 10). No source position determines a
    target position alone, so that a model must compare and count. As it can guess much from its
    own prefix, the loss starts lower than that of `reverse`.

    Numbers are drawn as for `copy`, but the first is random too unless `first` is set. The test
    split starts with ``1 2 3 4 ...``, which is already sorted, unless `first` rules it out. `draw`
    selects other sequences.
    """

    name = "sort"

    def _target(self, numbers: Sequence[int]) -> Sequence[int]:
        return sorted(numbers)
