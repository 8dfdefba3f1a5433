"""The design of a study: a sweep, a factorial, noise floors, for comparisons and figures."""

from __future__ import annotations

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
    (reference, variant).
    """

    sweep: Sweep | None = None
    factorial: Factorial | None = None
    noise_floor: tuple[str, ...] = ()
    looks: tuple[int, ...] = ()
    pairs: tuple[tuple[str, str], ...] = ()
