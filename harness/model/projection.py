"""Named matrices, which initializers fill, adapters extend, and embeddings may share."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from harness.contracts import Adapter
from harness.streams import Noise


class Projection(nn.Module):
    """y = x W^T + b, plus the output of an `adapter` if there is one.

    The adapter is called as ``adapter(x, noise)``. It does not wrap the matrix, so that parameters
    keep their names. Both `weight`, shaped (outputs, inputs), and `bias`, if there is one, are 0
    until initialized.
    """

    bias: nn.Parameter | None
    adapter: Adapter | None

    def __init__(self, inputs: int, outputs: int, *, bias: bool = True) -> None:
        super().__init__()
        # Not `nn.Linear`, which would draw its weights from torch's global generator.
        self.weight = nn.Parameter(torch.zeros(outputs, inputs))
        self.register_parameter("bias", nn.Parameter(torch.zeros(outputs)) if bias else None)
        self.register_module("adapter", None)

    def forward(
        self, states: Float[Tensor, "*places inputs"], noise: Noise | None = None
    ) -> Float[Tensor, "*places outputs"]:
        projected = nn.functional.linear(states, self.weight, self.bias)
        return projected if self.adapter is None else projected + self.adapter(states, noise)


@contextmanager
def merged(model: nn.Module) -> Iterator[None]:
    """Merge every adapter into its matrix while the context is open.

    Matrices are set aside and not written to, so that they are restored to the bit.
    """
    kept = []
    for part in model.modules():
        if not isinstance(part, Projection) or part.adapter is None:
            continue
        # None of an adapter that is no matrix: it stays where it is, and goes on adding its output.
        delta = part.adapter.delta()
        if delta is not None:
            kept.append((part, part.weight, part.adapter))
            # An embedding tied to this matrix keeps the old one: no adapter acts there in training.
            part.weight = nn.Parameter((part.weight + delta).detach(), requires_grad=False)
            part.adapter = None
    try:
        yield
    finally:
        for part, weight, adapter in kept:
            part.weight, part.adapter = weight, adapter


class Embedding(nn.Module):
    """Token vectors times sqrt(d_model) (Vaswani et al. 2017, section 3.4); 0 until initialized."""

    def __init__(self, classes: int, d_model: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(classes, d_model))
        self.scale = math.sqrt(d_model)

    def forward(self, tokens: Int[Tensor, "*places"]) -> Float[Tensor, "*places d_model"]:
        # Scaled here and not in the weights, which a tied output projection uses unscaled.
        return nn.functional.embedding(tokens, self.weight) * self.scale
