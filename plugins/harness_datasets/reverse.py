"""The task of writing backwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness_datasets.sequences import Sequences


@dataclass(frozen=True, kw_only=True)
class Reverse(Sequences):
    """Sequences of numbers to be written from the last to the first (as JoeyNMT's reverse task).

    y_t = x_{n+1-t} (JoeyNMT: Kreutzer et al. 2019): what is read and what is written are aligned at
    no fixed distance, so that attention must count. A model that knows the numbers and attends to
    nothing pays ln `symbols` nats at each free place and nothing at the others, the end among them:
    10 ln 10 / 11 = 2.09 nats a token by default.

    Numbers are drawn as for `copy`, but the first is free too, unless `first` sets it. Test begins
    with ``1 2 3 4 ...`` to be read where that is allowed. `draw` chooses other sequences.
    """

    name = "reverse"

    def _answer(self, numbers: Sequence[int]) -> Sequence[int]:
        return numbers[::-1]
