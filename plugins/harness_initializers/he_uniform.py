"""He (or Kaiming) initialization with a uniform distribution."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import torch

from harness.components import Initializer
from harness.contracts import Initialize, Setting
from harness_initializers.matrices import matrices


@dataclass(frozen=True, kw_only=True)
class HeUniform(Initializer):
    """Matrices from U(-b, b), b = sqrt(6 / fan_in), which preserves variance through a ReLU.

    The variance, 2 / fan_in, is that of `he_normal` (He et al. 2015, equation 10). It is not the
    default of torch.nn.Linear, whose bound is 1 / sqrt(fan_in). Fans, embeddings and vectors are as
    in `he_normal`.
    """

    name = "he_uniform"

    def build(self, setting: Setting) -> Initialize:
        return matrices(partial(torch.nn.init.kaiming_uniform_, nonlinearity="relu"))
