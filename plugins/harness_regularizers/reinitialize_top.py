"""Reinitialization of the top layers of a pretrained model."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import torch

from harness.components import Regularizer
from harness.components.options import NonNegativeInt, PositiveFloat
from harness.contracts import Model, Regularization, Setting
from harness.errors import HarnessError


@dataclass(frozen=True, kw_only=True)
class ReinitializeTop(Regularizer):
    """Reinitializes top layers of a pretrained model (Zhang et al. 2021, few-sample BERT).

    The matrices of the top `layers` of the decoder, and of the top `encoder_layers` of the encoder,
    are drawn from N(0, `std`^2), keyed by their names; their biases are set to 0, the weights of
    their normalizations to 1. The final normalization of a stack belongs to its top layer.
    Embeddings, the output projection and adapters are kept.

    The paper's model is an encoder only, whose pooler it reinitializes too; it tunes the number of
    layers for each task, and 0.02 is the standard deviation of BERT's initialization. It is meant
    for a pretrained model: on an untrained one it acts as another initializer.
    """

    name = "reinitialize_top"
    bare = "layers"

    layers: NonNegativeInt = 1
    encoder_layers: NonNegativeInt = 0
    std: PositiveFloat = 0.02

    def build(self, setting: Setting) -> Regularization:
        """A reinitialization, once before training."""
        return Regularization(modify_model=self._reinitialize)

    def _reinitialize(self, model: Model, *, generator: Callable[[str], torch.Generator]) -> None:
        parameters = dict(model.named_parameters())
        names = [
            *_top_layers(list(parameters), stack="decoder", count=self.layers),
            *_top_layers(list(parameters), stack="encoder", count=self.encoder_layers),
        ]
        with torch.no_grad():
            for name in names:
                if parameters[name].ndim > 1:
                    # Keyed by the name alone, the draw would repeat that of `normal` at the start.
                    coins = generator(f"{self.name}.{name}")
                    parameters[name].normal_(std=self.std, generator=coins)
                else:
                    parameters[name].fill_(float(name.endswith("norm.weight")))


def _top_layers(names: list[str], *, stack: str, count: int) -> list[str]:
    """The parameters of a stack's top layers and its final normalization, without adapters."""
    if count == 0:
        return []
    matches = [(name, re.match(rf"{stack}\.(\d+)\.", name)) for name in names]
    layers = {name: int(match[1]) for name, match in matches if match}
    depth = max(layers.values(), default=-1) + 1
    if count > depth:
        raise HarnessError(f"reinitialize_top: the {stack} has {depth} layers, not {count}")
    return [
        name
        for name in names
        if layers.get(name, -1) >= depth - count or name.startswith(f"{stack}_norm.")
        if ".adapter." not in name
    ]
