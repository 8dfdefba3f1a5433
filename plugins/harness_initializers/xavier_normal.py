"""Xavier (or Glorot) initialization with a normal distribution."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import torch

from harness.components import Initializer
from harness.components.options import PositiveFloat
from harness.contracts import Initialize, Setting
from harness_initializers.matrices import matrices


@dataclass(frozen=True, kw_only=True)
class XavierNormal(Initializer):
    """Matrices from N(0, std^2), std = gain * sqrt(2 / (fan_in + fan_out)).

    The variance is that of `xavier_uniform` (Glorot and Bengio 2010, equation 12, which only fixes
    the variance; their experiments draw uniformly). Fans, embeddings and vectors are as there.
    """

    name = "xavier_normal"

    gain: PositiveFloat = 1.0

    def build(self, setting: Setting) -> Initialize:
        return matrices(partial(torch.nn.init.xavier_normal_, gain=self.gain))
