"""Initialization from a normal distribution with one standard deviation for all matrices."""

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
    """Matrices from N(0, std^2), regardless of their shape; the default, 1, is a bad example.

    The variance of an output is fan_in * std^2 times that of its input, so with a std of 1
    activations and attention scores grow with the width and with each layer, and softmaxes
    saturate; `xavier_normal` and `he_normal` avoid that (Glorot and Bengio 2010). Vectors are as in
    `xavier_uniform`.
    """

    name = "normal"
    bare = "std"

    std: PositiveFloat = 1.0

    def build(self, setting: Setting) -> Initialize:
        return matrices(partial(torch.nn.init.normal_, std=self.std))
