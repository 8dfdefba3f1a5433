"""Slot `metrics`: scores of generated text, and the core's own of what training cost."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from harness.components.component import Component
from harness.contracts import BySentence, ScoreText


@dataclass(frozen=True, kw_only=True)
class StudyMetric(Component):
    """Any metric that a study can list: a `Metric`, or one of the core's of what training cost.

    `higher_is_better` is None for a metric that only describes, where neither direction is better;
    verdicts on it are ``higher`` and ``lower``.
    """

    slot: ClassVar[str] = "metrics"
    hook: ClassVar[str] = "harness_metrics"
    higher_is_better: ClassVar[bool | None] = True

    @abstractmethod
    def build(self) -> Callable[..., Any]:
        """A function of what a run left to its score."""


@dataclass(frozen=True, kw_only=True)
class Metric(StudyMetric):
    """Compares detokenized hypotheses with the raw lines of the reference file.

    `bounds` are the least and the largest score; infinite, as here, where there are none.
    `higher_is_better` is True, False or, for a metric that only describes, None.
    """

    slot: ClassVar[str] = "metrics"
    bounds: ClassVar[tuple[float, float]] = (-math.inf, math.inf)

    @abstractmethod
    def build(self) -> ScoreText:
        """A function of hypotheses and references, equally many, to a ``Score(value, signature)``.

        `Score` is in ``harness.contracts``. The value is a float; the signature is text that says
        all that two scores must share to be comparable, such as ``words|lowercase:no``.
        """

    def by_sentence(self) -> BySentence | None:
        """The same score from sums over sentences; None, as here, if it cannot be computed so.

        With it, a report has an interval over sentences as well as the one over seeds.
        """
        return None
