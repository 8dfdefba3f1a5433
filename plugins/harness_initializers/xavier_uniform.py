"""Xavier (or Glorot) initialization with a uniform distribution."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import torch

from harness.components import Initializer
from harness.components.options import PositiveFloat
from harness.contracts import Initialize, Setting
from harness_initializers.matrices import matrices


@dataclass(frozen=True, kw_only=True)
class XavierUniform(Initializer):
    """Matrices from U(-b, b), b = gain * sqrt(6 / (fan_in + fan_out)) (Glorot and Bengio 2010).

    Equation 16. The fans are those of one logical projection, as parameters are stored here: packed
    into one (3d, d) matrix, as in torch.nn.MultiheadAttention, query, key and value would have a
    bound smaller by sqrt(2). Embedding tables are matrices like the others, with the vocabulary
    size and d_model as fans, as in the Annotated Transformer. Layer normalizations start as the
    identity, biases and all other vectors at 0 (`annotated_transformer` has that program's biases).
    """

    name = "xavier_uniform"

    gain: PositiveFloat = 1.0

    def build(self, setting: Setting) -> Initialize:
        return matrices(partial(torch.nn.init.xavier_uniform_, gain=self.gain))
