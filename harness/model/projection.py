"""Matrices with a name: what initializers fill, adapters hang beside, and embeddings may share."""

from __future__ import annotations

import math

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from harness.streams import Noise


class Projection(nn.Module):
    """y = x W^T + b, and what an `adapter` makes of x if there is one.

    The adapter is called as ``adapter(x, noise)``. It hangs beside the matrix, so that parameters
    keep their names. Both `weight`, shaped (outputs, inputs), and `bias` are 0 until initialised.
    """

    adapter: nn.Module | None

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(outputs, inputs))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.register_module("adapter", None)

    def forward(
        self, states: Float[Tensor, "*places inputs"], noise: Noise | None = None
    ) -> Float[Tensor, "*places outputs"]:
        projected = nn.functional.linear(states, self.weight, self.bias)
        return projected if self.adapter is None else projected + self.adapter(states, noise)


class Embedding(nn.Module):
    """Token vectors times sqrt(d_model) (Vaswani et al. 2017, section 3.4); 0 until initialised."""

    def __init__(self, classes: int, d_model: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(classes, d_model))
        self.scale = math.sqrt(d_model)

    def forward(self, tokens: Int[Tensor, "*places"]) -> Float[Tensor, "*places d_model"]:
        return nn.functional.embedding(tokens, self.weight) * self.scale
