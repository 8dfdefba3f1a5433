"""He's (or Kaiming's) initialization with the normal law."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import torch

from harness.components import Initializer
from harness.contracts import Initialize, Setting
from harness_initializers.matrices import matrices


@dataclass(frozen=True, kw_only=True)
class HeNormal(Initializer):
    """Matrices from N(0, std^2), std = sqrt(2 / fan_in), which keeps variance through a ReLU.

    He et al. 2015, equation 10. fan_in is the number of a matrix's inputs; an embedding table's, as
    in torch, is its second dimension, d_model. In a Transformer a ReLU follows one matrix in each
    layer only, the feed-forward network's first. Vectors are as in `xavier_uniform`.
    """

    name = "he_normal"

    def build(self, setting: Setting) -> Initialize:
        return matrices(partial(torch.nn.init.kaiming_normal_, nonlinearity="relu"))
