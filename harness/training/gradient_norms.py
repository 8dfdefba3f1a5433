"""The norm of the gradient of each layer, which says where training explodes or vanishes."""

from __future__ import annotations

import re
from collections.abc import Mapping

import torch

PREFIX = "gradient_norm."  # of the names of the measurements, before the layer's
_LAYER = re.compile(r"\w+\.\d+(?=\.)|\w+")


def layer_of(parameter: str) -> str:
    """The layer of a parameter, ``decoder.0``, or the embedding, norm or projection that it is."""
    match = _LAYER.match(parameter)
    assert match, "a parameter's name opens with a word"
    return match.group()


def gradient_norms(model: torch.nn.Module) -> Mapping[str, float]:
    """The L2 norm of the gradients of every layer that has any, in the model's order.

    Their squares add up to that of the norm of the whole gradient. Glorot & Bengio (2010, section
    4.2) compare the gradients of layers at initialization, where they should be alike.
    """
    layers: dict[str, list[torch.Tensor]] = {}
    for name, weight in model.named_parameters():
        if weight.grad is not None:
            layers.setdefault(layer_of(name), []).append(weight.grad)
    norms = [torch.nn.utils.get_total_norm(gradients) for gradients in layers.values()]
    # All in one transfer: each waits for the device.
    return dict(zip(layers, torch.stack(norms).tolist() if norms else (), strict=True))
