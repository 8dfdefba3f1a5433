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
    """Matrices as in `xavier_uniform`, biases from U(-b, b), b = 1 / sqrt(fan_in), mostly shared.

    Reproduces the initialization of Rush 2018 (The Annotated Transformer; also its 2022 version).
    That program redraws the matrices from Xavier's distribution and keeps the biases as
    torch.nn.Linear drew them. Since it copies all layers from one prototype, and the four
    projections of an attention from another, the whole model has only four distinct biases: that of
    all projections of all attentions, those of the first and the second matrix of all feed-forward
    networks, and that of the output projection. Layer normalizations start as the identity.
    """

    name = "annotated_transformer"

    def build(self, setting: Setting) -> Initialize:
        """An initializer that reads a bias's fan off the preceding matrix of the same name."""
        xavier = matrices(partial(torch.nn.init.xavier_uniform_, gain=1.0))
        fan_in: dict[str, int] = {}

        def initialize(
            name: str,
            parameter: Float[torch.Tensor, "..."],
            generator_of: Callable[[str], torch.Generator],
        ) -> None:
            owner, _, kind = name.rpartition(".")
            if kind == "bias" and not owner.endswith("norm"):
                # A tied output projection has no matrix of its own name: its inputs are d_model.
                bound = 1 / math.sqrt(fan_in.get(owner, setting.d_model))
                # Equal keys give equal draws: copies of one prototype share their biases.
                generator = generator_of(_prototype(name))
                torch.nn.init.uniform_(parameter, -bound, bound, generator=generator)
                return
            if parameter.ndim > 1:
                fan_in[owner] = parameter.shape[1]
            xavier(name, parameter, generator_of)

        return initialize


def _prototype(name: str) -> str:
    """The name without its stack and layer, and without its attention's kind and projection."""
    in_layer = re.sub(r"^(encoder|decoder)\.\d+\.", "", name)
    return re.sub(r"^(self|cross)_attention\.\w+\.", "attention.", in_layer)
