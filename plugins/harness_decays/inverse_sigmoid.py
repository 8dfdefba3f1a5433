"""Inverse sigmoid decay."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge

from harness.components import Decay
from harness.contracts import Rate, Setting

_LARGEST_EXPONENT = 700.0  # exp() overflows above 709.7; here the decay is at 1e-304 * k


@dataclass(frozen=True, kw_only=True)
class InverseSigmoid(Decay):
    """decay(i) = k / (k + exp(i / k)) (Bengio et al. 2015, section 2.4).

    i is the update number, from 1. For large k the value starts near 1; it is 1/2 at i = k * ln(k):
    the larger k, the later and slower the decay.
    """

    name = "inverse_sigmoid"
    bare = "k"

    k: Annotated[float, Ge(1)]

    def build(self, setting: Setting) -> Rate:
        return lambda update: self.k / (self.k + math.exp(min(update / self.k, _LARGEST_EXPONENT)))
