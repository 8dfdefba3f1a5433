"""The runs that count as the same as a planned one."""

from __future__ import annotations

from enum import StrEnum


class Reuse(StrEnum):
    """The runs that are taken for a planned one; each value admits those of the values before it.

    `IDENTICAL`: those that would give equal bits. `SAME_CODE`: those of the same choices, data,
    seed and code, in whatever environment. `SAME_STUDY`: those of the same choices, data and seed.
    `ANY`: those that the last plan of the study had for the same variant and seed. Decoding choices
    are the same in each case.
    """

    IDENTICAL = "identical"
    SAME_CODE = "same-code"
    SAME_STUDY = "same-study"
    ANY = "any"

    @property
    def rank(self) -> int:
        """The number of values before it."""
        return list(Reuse).index(self)
