"""The core's metrics of what training cost until it reached a given validation nll."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from harness.components.metric import StudyMetric
from harness.components.options import PositiveFloat
from harness.contracts import Cost, Course


@dataclass(frozen=True, kw_only=True)
class CostMetric(StudyMetric):
    """What training cost until the validation nll was at most `nll`; lower is better.

    Read off the curve of a run that exists, so that adding one to a study trains nothing.
    """

    higher_is_better: ClassVar[bool | None] = False
    nll: PositiveFloat

    @property
    @abstractmethod
    def cost(self) -> Cost:
        """The kind of cost."""

    def build(self) -> Callable[[Course], float | None]:
        """A function of a run's course; None for a run that never reached the target."""
        return lambda course: course.cost_to(self.nll, cost=self.cost)


@dataclass(frozen=True, kw_only=True)
class UpdatesTo(CostMetric):
    """Updates until the validation negative log-likelihood was at most `nll`.

    The first evaluation at which it was, moved back along the line from the evaluation before. A
    run that never reaches it counts as slower than any that does.
    """

    name = "updates_to"

    @property
    def cost(self) -> Cost:
        return "updates"


@dataclass(frozen=True, kw_only=True)
class TokensTo(CostMetric):
    """Target tokens trained on until the validation negative log-likelihood was at most `nll`.

    As `updates_to`; tokens that are seen again count again.
    """

    name = "tokens_to"

    @property
    def cost(self) -> Cost:
        return "tokens"


@dataclass(frozen=True, kw_only=True)
class SecondsTo(CostMetric):
    """Seconds of training until the validation negative log-likelihood was at most `nll`.

    As `updates_to`, times the run's mean time per update, evaluations included. It depends on the
    machine and on its load: compare runs that were trained side by side on an idle machine.
    """

    name = "seconds_to"

    @property
    def cost(self) -> Cost:
        return "seconds"


COST_METRICS: tuple[type[CostMetric], ...] = (UpdatesTo, TokensTo, SecondsTo)
