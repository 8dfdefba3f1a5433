"""The copy task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.components.options import PositiveInt
from harness_datasets.sequences import Sequences


@dataclass(frozen=True, kw_only=True)
class Copy(Sequences):
    """Sequences of numbers to copy (Rush 2018, The Annotated Transformer).

    Numbers are uniform from 1 to `symbols`, except that the first is always `first` (null: random
    like the others). A model that knows the distribution of the numbers but copies none has a loss
    of ln `symbols` nats at each random position and 0 at the others, eos included: 9 ln 10 / 11 =
    1.88 nats per token by default. No sequence occurs twice. A larger training split starts with
    any smaller one, and its size does not affect the other splits.

    The test split starts with the counting sequence ``1 2 3 4 ...``, unless `first` rules it out.
    `draw` selects other sequences; nothing else is random.
    """

    name = "copy"

    first: PositiveInt | None = 1

    def _target(self, numbers: Sequence[int]) -> Sequence[int]:
        return numbers
