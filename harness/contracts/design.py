"""The design of a study: a sweep, a factorial, noise floors, for comparisons and figures."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple


class Level(NamedTuple):
    """One value of a swept option, as JSON data, and the variant that has it, or the baseline."""

    value: object
    variant: str


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """One option, such as ``regularizers.dropout``, at several values, in the study's order."""

    option: str
    levels: tuple[Level, ...]


@dataclass(frozen=True, kw_only=True)
class Factorial:
    """Every combination of the levels of some factors.

    `factors` has the levels of each, the baseline's first; `cells` the level of every factor in
    each variant, the baseline among them. `corpora` is the factor whose levels are corpora, if any:
    scores on two of them are never compared with each other.
    """

    factors: Mapping[str, tuple[str, ...]]
    cells: Mapping[str, Mapping[str, str]]
    corpora: str | None = None

    def cell(self, levels: Mapping[str, str]) -> str:
        """The variant with these levels, the baseline's for every factor that is not named."""
        full = {factor: levels.get(factor, its[0]) for factor, its in self.factors.items()}
        return next(variant for variant, cell in self.cells.items() if cell == full)


@dataclass(frozen=True, kw_only=True)
class Design:
    """The kind of a study; `noise_floor` has the variants that change nothing but chance.

    Those differ from the baseline in `replicate` alone, so that whatever sets them apart is noise.
    `looks` are the numbers of seeds at the interim analyses of a study that stops itself; empty in
    any other. `pairs` has the comparisons where they are not those of variants with the baseline:
    (reference, variant). `added_looks` were planned after results had been seen, in that order, and
    `dropped` are variants that were compared before and are no more: p is corrected for both.
    Scores `of_table`, another program's, have no plan, so no run of them is missing from one.
    """

    sweep: Sweep | None = None
    factorial: Factorial | None = None
    noise_floor: tuple[str, ...] = ()
    looks: tuple[int, ...] = ()
    pairs: tuple[tuple[str, str], ...] = ()
    added_looks: tuple[int, ...] = ()
    dropped: tuple[str, ...] = ()
    of_table: bool = False

    @property
    def look_factors(self) -> Mapping[int, int]:
        """The factor of p at each look, by its number of seeds.

        The K looks of the frozen plan share the level of .05 (K each). Looks that are added share a
        tenth as much again, however many there will be: the k-th look of all has the factor
        10 k (k - 1) / K, and 1 / (k (k - 1)) sums to 1 / K over all k above K.
        """
        planned = len(self.looks)
        factors = dict.fromkeys(self.looks, planned)
        for place, look in enumerate(self.added_looks, start=planned + 1):
            factors[look] = math.ceil(10 * place * (place - 1) / planned)
        return dict(sorted(factors.items()))
