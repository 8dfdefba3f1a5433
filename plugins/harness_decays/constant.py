"""A constant in place of a decay."""

from __future__ import annotations

from dataclasses import dataclass

from harness.components import Decay
from harness.components.options import Probability
from harness.contracts import Rate, Setting


@dataclass(frozen=True, kw_only=True)
class Constant(Decay):
    """decay(i) = probability at every update i."""

    name = "constant"
    bare = "probability"

    probability: Probability

    def build(self, setting: Setting) -> Rate:
        return lambda update: self.probability
