"""Slot `metrics`: scores of generated text."""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from harness.components.component import Component
from harness.contracts import BySentence, ScoreText


@dataclass(frozen=True, kw_only=True)
class Metric(Component):
    """Compares detokenized hypotheses with the raw lines of the reference file.

    `bounds` are the least and the largest score; infinite, as here, where there are none.
    """

    slot: ClassVar[str] = "metrics"
    hook: ClassVar[str] = "harness_metrics"
    higher_is_better: ClassVar[bool] = True
    bounds: ClassVar[tuple[float, float]] = (-math.inf, math.inf)

    @abstractmethod
    def build(self) -> ScoreText:
        """A function of hypotheses and references, equally many; a score and its signature."""

    def by_sentence(self) -> BySentence | None:
        """The same score from sums over sentences; None, as here, if it cannot be computed so.

        With it, a report has an interval over sentences as well as the one over seeds.
        """
        return None
