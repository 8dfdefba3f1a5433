"""The normal law with one standard deviation for all matrices."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import torch

from harness.components import Initializer
from harness.components.options import PositiveFloat
from harness.contracts import Initialize, Setting
from harness_initializers.matrices import matrices


@dataclass(frozen=True, kw_only=True)
class Normal(Initializer):
    """Matrices from N(0, std^2), whatever their shape: by default the bad example, with a std of 1.

    An output's variance is fan_in times its input's, so that activations and attention scores grow
    with the width and with each layer, and softmaxes saturate; the laws of `xavier_normal` and
    `he_normal` are the cure (Glorot and Bengio 2010). Vectors are as in `xavier_uniform`.
    """

    name = "normal"
    bare = "std"

    std: PositiveFloat = 1.0

    def build(self, setting: Setting) -> Initialize:
        return matrices(partial(torch.nn.init.normal_, std=self.std))
