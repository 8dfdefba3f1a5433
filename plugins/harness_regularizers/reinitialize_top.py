"""The top layers of a start, drawn anew."""

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
    """Forgets the top layers of a start before it is adapted (Zhang et al. 2021, few-sample BERT).

    The matrices of the top `layers` of the decoder, and of the top `encoder_layers` of the encoder,
    are drawn from N(0, `std`^2) by the keys of their names; their biases become 0, the weights of
    their normalizations 1. The last normalization of a stack belongs to its top layer. Embeddings
    and the output projection stay, and so does an adapter.

    The paper has an encoder only, whose pooler it draws anew too; how deep it goes, it chooses for
    each task, and 0.02 is BERT's own first deviation. It is meant for a model that was trained
    before: on a fresh one it is another initializer.
    """

    name = "reinitialize_top"
    bare = "layers"

    layers: NonNegativeInt = 1
    encoder_layers: NonNegativeInt = 0
    std: PositiveFloat = 0.02

    def build(self, setting: Setting) -> Regularization:
        """Draws once, before training; no layers, no draw."""
        return Regularization(modify_model=self._draw)

    def _draw(self, model: Model, *, generator: Callable[[str], torch.Generator]) -> None:
        parameters = dict(model.named_parameters())
        names = [
            *_top(list(parameters), stack="decoder", count=self.layers),
            *_top(list(parameters), stack="encoder", count=self.encoder_layers),
        ]
        with torch.no_grad():
            for name in names:
                if parameters[name].ndim > 1:
                    drawn = generator(f"{self.name}.{name}")  # not the key of its first draw
                    parameters[name].normal_(std=self.std, generator=drawn)
                else:
                    parameters[name].fill_(float(name.endswith("norm.weight")))


def _top(names: list[str], *, stack: str, count: int) -> list[str]:
    """The parameters of a stack's last layers and of its last normalization, without adapters."""
    if count == 0:
        return []
    numbered = [(name, re.match(rf"{stack}\.(\d+)\.", name)) for name in names]
    layers = {name: int(found[1]) for name, found in numbered if found}
    depth = max(layers.values()) + 1
    if count > depth:
        raise HarnessError(f"reinitialize_top: the {stack} has {depth} layers, not {count}")
    return [
        name
        for name in names
        if layers.get(name, -1) >= depth - count or name.startswith(f"{stack}_norm.")
        if ".adapter." not in name
    ]
