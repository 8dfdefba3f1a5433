"""Xavier's (or Glorot's) uniform initialization."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float

from harness.components import Initializer
from harness.components.options import PositiveFloat
from harness.contracts import Initialize, Setting


@dataclass(frozen=True, kw_only=True)
class XavierUniform(Initializer):
    """Matrices from U(-b, b), b = gain * sqrt(6 / (fan_in + fan_out)) (Glorot and Bengio 2010).

    Equation 16. The fans are those of one logical projection, as parameters are stored here: packed
    into one (3d, d) matrix, as in torch.nn.MultiheadAttention, query, key and value would have a
    bound smaller by sqrt(2). Embedding tables are matrices like the others, with the vocabulary and
    d_model for fans, as in the Annotated Transformer. Layer normalizations begin as the
    identity, biases and all other vectors as 0 (the Annotated Transformer's are torch's uniform
    ones, the same in all layers).
    """

    name = "xavier_uniform"

    gain: PositiveFloat = 1.0

    def build(self, setting: Setting) -> Initialize:
        """Fills a matrix from the generator of its own name, and a vector with 0 or 1."""

        def initialize(
            name: str,
            parameter: Float[torch.Tensor, "..."],
            generator_of: Callable[[str], torch.Generator],
        ) -> None:
            if parameter.ndim > 1:
                drawn_from = generator_of(name)
                torch.nn.init.xavier_uniform_(parameter, gain=self.gain, generator=drawn_from)
            else:
                torch.nn.init.constant_(parameter, float(name.endswith("norm.weight")))

        return initialize
