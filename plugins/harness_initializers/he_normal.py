"""He (or Kaiming) initialization with a normal distribution."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import torch

from harness.components import Initializer
from harness.contracts import Initialize, Setting
from harness_initializers.matrices import matrices


@dataclass(frozen=True, kw_only=True)
class HeNormal(Initializer):
    """Matrices from N(0, std^2), std = sqrt(2 / fan_in), which preserves variance through a ReLU.

    He et al. 2015, equation 10. fan_in is the number of inputs of a matrix; that of an embedding
    table, as in torch, is its second dimension, d_model. In a Transformer only one matrix per layer
    is followed by a ReLU, the first of the feed-forward network. Vectors are as in
    `xavier_uniform`.
    """

    name = "he_normal"

    def build(self, setting: Setting) -> Initialize:
        # fan_in is torch's default mode; fan_out would preserve the variance of gradients instead.
        return matrices(partial(torch.nn.init.kaiming_normal_, nonlinearity="relu"))
