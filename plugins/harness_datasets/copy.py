"""The copy task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.components.options import PositiveInt
from harness_datasets.sequences import Sequences


@dataclass(frozen=True, kw_only=True)
class Copy(Sequences):
    """Sequences of numbers to be written down as they are (Rush 2018, The Annotated Transformer).

    Each number is drawn from 1 to `symbols`, but for the first, which is always `first` (null: as
    free as the others). A model that knows the numbers and copies nothing pays ln `symbols` nats at
    each free place and nothing at the others, the end among them: 9 ln 10 / 11 = 1.88 nats a token
    by default. No sequence comes twice; a longer train begins with a shorter one and leaves the
    other splits as they are.

    Unless another `first` forbids it, test begins with the sequence that counts, ``1 2 3 4 ...``.
    `draw` chooses other sequences; nothing else is random.
    """

    name = "copy"

    first: PositiveInt | None = 1

    def _answer(self, numbers: Sequence[int]) -> Sequence[int]:
        return numbers
