"""Exponential decay."""

from __future__ import annotations

from dataclasses import dataclass

from harness.components import Decay
from harness.components.options import ProbabilityBelowOne
from harness.contracts import Rate, Setting


@dataclass(frozen=True, kw_only=True)
class Exponential(Decay):
    """decay(i) = base^i (Bengio et al. 2015, section 2.4).

    i is the update number, from 1, so the first update has `base` itself and not 1.
    """

    name = "exponential"
    bare = "base"

    base: ProbabilityBelowOne

    def build(self, setting: Setting) -> Rate:
        return lambda update: self.base**update
