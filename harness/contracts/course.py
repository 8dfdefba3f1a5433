"""The course of a run's training: its validation scores, and what it had cost by then."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

#: What training can be counted in.
Cost = Literal["updates", "tokens", "seconds"]


@dataclass(frozen=True, kw_only=True)
class Course:
    """The evaluations of a run on the validation split, in order; update 0 is the first.

    `costs` are what training had cost at each, `scores` the core's metrics, of which one that
    overflows is None. Seconds are updates times the run's mean time per update; a cost that is not
    known is absent. Between two evaluations, score and cost are taken to be linear.
    """

    costs: Mapping[Cost, Sequence[float]]
    scores: Mapping[str, Sequence[float | None]]

    def total(self, cost: Cost) -> float | None:
        """The cost of the whole training; None if it is not known."""
        return self.costs[cost][-1] if self.costs.get(cost) else None

    def cost_to(self, nll: float, *, cost: Cost) -> float | None:
        """The cost at which the validation nll first is at most this; None if it never is.

        Between the first evaluation that is and the one before it, by linear interpolation.
        """
        costs, scores = self.costs.get(cost, ()), self.scores.get("nll", ())
        before: tuple[float, float] | None = None
        for spent, score in zip(costs, scores, strict=False):
            if score is None:
                continue
            if score <= nll:
                # The evaluation before is above `nll`, so the two differ.
                return spent if before is None else _between(nll, start=before, end=(score, spent))
            before = score, spent
        return None

    def score_at(self, spent: float, *, cost: Cost, metric: str) -> float | None:
        """The score on validation when training had cost so much, at most its total; else None."""
        costs, scores = self.costs.get(cost, ()), self.scores.get(metric, ())
        last = bisect_left(costs, spent)
        if last == len(costs) or spent < costs[0]:
            return None
        after = scores[last]
        if costs[last] == spent:
            return after
        before = scores[last - 1]
        if before is None or after is None:
            return None
        return _between(spent, start=(costs[last - 1], before), end=(costs[last], after))


def _between(x: float, *, start: tuple[float, float], end: tuple[float, float]) -> float:
    """The y at x on the line through two points."""
    share = (x - start[0]) / (end[0] - start[0])
    return start[1] + share * (end[1] - start[1])
