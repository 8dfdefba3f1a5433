"""Signed ranks of paired runs, of which one that diverged is the worst (Lachin 1999)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise


def signed_ranks(differences: Sequence[float], *, resolution: float = 0.0) -> list[float]:
    """The rank of each difference by size, from 1, with the sign of the difference.

    Sizes that are no more than `resolution` apart share the mean of their ranks, and so do infinite
    ones, which rank highest. A difference of 0 takes part in the ranking and gets 0 (Pratt 1959).
    """
    order = sorted(range(len(differences)), key=lambda index: abs(differences[index]))
    sizes = [abs(differences[index]) for index in order]
    jumps = [
        place
        for place, (size, larger) in enumerate(pairwise(sizes), start=1)
        if larger > size + resolution  # never true of two infinite ones
    ]
    ranks = [0.0] * len(differences)
    for start, end in pairwise([0, *jumps, len(order)]):
        for index in order[start:end]:
            if abs(differences[index]) > resolution:
                ranks[index] = math.copysign((start + 1 + end) / 2, differences[index])
    return ranks
