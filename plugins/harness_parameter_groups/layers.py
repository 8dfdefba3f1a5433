"""The layers of a model from the top down, by the names of their parameters."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from harness.contracts import ParameterGroup, Rate

_TOP = (3, 0)


def by_layer(multiple_of: Callable[[int], Rate]) -> Callable[[Sequence[str]], list[ParameterGroup]]:
    """One group a layer that is trained, `multiple_of` its distance from the top one.

    From the top: the output projection, the decoder's layers, the encoder's, the embeddings. A
    matrix that is tied is an embedding, and so trained as one; the last normalization of a stack
    belongs to its last layer. What has none of these names is on top.
    """

    def groups(names: Sequence[str]) -> list[ParameterGroup]:
        layers: dict[tuple[int, int], list[str]] = {}
        last = _last(names)
        for name in names:
            layers.setdefault(_place(name, last=last), []).append(name)
        from_the_top = sorted(layers, reverse=True)
        return [
            ParameterGroup(layers[place], multiple_of(below))
            for below, place in enumerate(from_the_top)
        ]

    return groups


def _place(name: str, *, last: dict[str, int]) -> tuple[int, int]:
    """Where a parameter's layer stands, the bottom first: its part, and its number in that."""
    part = re.match(r"(?:(source|target)_embedding|(encoder|decoder)(?:\.(\d+)|_norm))\.", name)
    if not part:
        return _TOP
    embedding, stack, number = part.groups()
    if embedding:
        return (0, 0)
    return (1 + (stack == "decoder"), last[stack] if number is None else int(number))


def _last(names: Sequence[str]) -> dict[str, int]:
    """The number of the last layer of each stack."""
    found = [re.match(r"(encoder|decoder)\.(\d+)\.", name) for name in names]
    numbers = [(each[1], int(each[2])) for each in found if each]
    return {
        stack: max((number for side, number in numbers if side == stack), default=0)
        for stack in ("encoder", "decoder")
    }
