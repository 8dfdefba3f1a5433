"""The layers of a model from the top down, by the names of their parameters."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from harness.contracts import ParameterGroup, Rate

# Above embeddings (0), encoder (1) and decoder (2), as `_height` numbers them.
_TOP = (3, 0)


def by_layer(multiple: Callable[[int], Rate]) -> Callable[[Sequence[str]], list[ParameterGroup]]:
    """One group per trained layer, with the multiple of its depth below the top one, which has 0.

    From the top: the output projection, the decoder's layers, the encoder's, the embeddings, with
    learned positions. A tied matrix is an embedding, and the bias that is left of its projection
    belongs to the decoder's last layer, as the final normalization of a stack belongs to its last
    layer: no layer is a bias alone. Any other parameter belongs to the top.
    """

    def groups(names: Sequence[str]) -> list[ParameterGroup]:
        layers: dict[tuple[int, int], list[str]] = {}
        last = _last_layers(names)
        tied = "projection.weight" not in names
        for name in names:
            place = "decoder_norm." if tied and name == "projection.bias" else name
            layers.setdefault(_height(place, last=last), []).append(name)
        # Depth is the rank among trained layers, so that a frozen one costs no factor.
        from_the_top = sorted(layers, reverse=True)
        return [
            ParameterGroup(layers[height], multiple(depth))
            for depth, height in enumerate(from_the_top)
        ]

    return groups


def _height(name: str, *, last: dict[str, int]) -> tuple[int, int]:
    """The sort key of a parameter's layer, from the bottom: part of the model, layer number."""
    match = re.match(
        r"(?:(\w+_(?:embedding|positions))|(encoder|decoder)(?:\.(\d+)|_norm))\.", name
    )
    if not match:
        return _TOP
    embedding, stack, number = match.groups()
    if embedding:
        return (0, 0)
    return (1 + (stack == "decoder"), last[stack] if number is None else int(number))


def _last_layers(names: Sequence[str]) -> dict[str, int]:
    """The number of the last layer of each stack."""
    last = {"encoder": 0, "decoder": 0}
    for name in names:
        if match := re.match(r"(encoder|decoder)\.(\d+)\.", name):
            last[match[1]] = max(last[match[1]], int(match[2]))
    return last
