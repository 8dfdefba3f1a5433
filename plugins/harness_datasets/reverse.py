"""The reverse task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness_datasets.sequences import Sequences


@dataclass(frozen=True, kw_only=True)
class Reverse(Sequences):
    """Sequences of numbers to reverse (the reverse task of JoeyNMT).

    y_t = x_{n+1-t} (JoeyNMT: Kreutzer et al. 2019): source and target positions are not aligned at
    a fixed distance, so that attention must count. A model that knows the distribution of the
    numbers but ignores the source has a loss of ln `symbols` nats at each random position and 0 at
    the others, eos included: 10 ln 10 / 11 = 2.09 nats per token by default.

    Numbers are drawn as for `copy`, but the first is random too unless `first` is set. The first
    source of the test split is ``1 2 3 4 ...``, unless `first` rules it out. `draw` selects other
    sequences.
    """

    name = "reverse"

    def _target(self, numbers: Sequence[int]) -> Sequence[int]:
        return numbers[::-1]
