"""The initialization of the Annotated Transformer, biases included."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from jaxtyping import Float

from harness.components import Initializer
from harness.contracts import Initialize, Setting
from harness_initializers.matrices import matrices


@dataclass(frozen=True, kw_only=True)
class AnnotatedTransformer(Initializer):
    """Matrices as `xavier_uniform`, and biases from U(-b, b), b = 1 / sqrt(fan_in), mostly shared.

    What the program of Rush 2018 (The Annotated Transformer; of 2022 too) comes to, exactly. It
    draws matrices anew by Xavier's law and leaves the biases as torch.nn.Linear drew them; and as
    it makes its layers by copying one prototype, and the four projections of an attention by
    copying one more, there are only four different biases in the whole model: that of every
    projection of every attention, of the first and of the second half of every feed-forward
    network, and of the output projection. Layer normalizations begin as the identity.
    """

    name = "annotated_transformer"

    def build(self, setting: Setting) -> Initialize:
        """A bias has the fan of the matrix that came just before it, under the same name."""
        others = matrices(partial(torch.nn.init.xavier_uniform_, gain=1.0))
        fans: dict[str, int] = {}

        def initialize(
            name: str,
            parameter: Float[torch.Tensor, "..."],
            generator_of: Callable[[str], torch.Generator],
        ) -> None:
            owner, _, kind = name.rpartition(".")
            if kind == "bias" and not owner.endswith("norm"):
                # Not seen is a matrix that is tied to an embedding table: its inputs are d_model.
                bound = 1 / math.sqrt(fans.get(owner, setting.d_model))
                drawn_from = generator_of(_prototype(name))
                torch.nn.init.uniform_(parameter, -bound, bound, generator=drawn_from)
                return
            if parameter.ndim > 1:
                fans[owner] = parameter.shape[1]
            others(name, parameter, generator_of)

        return initialize


def _prototype(name: str) -> str:
    """The name without its stack, its layer, and which attention and projection it is of."""
    copied = re.sub(r"^(encoder|decoder)\.\d+\.", "", name)
    return re.sub(r"^(self|cross)_attention\.\w+\.", "attention.", copied)
