from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest
import torch

from harness.contracts import Cache, Memory, Projection, Site
from harness.streams import Noise

CLASSES = 12


class Successor:
    """A model that can be computed by hand: after token v it predicts `after[v]`, by default 11.

    Hidden states are its input embeddings, which are one-hot. It records its inputs and noises.
    """

    def __init__(self, after: Mapping[int, int]) -> None:
        self.sites: dict[str, Site] = {}
        self.projections: dict[str, Projection] = {}
        self.read: list[torch.Tensor] = []
        self.noises: list[Noise | None] = []
        self._logits = torch.zeros(CLASSES, CLASSES)
        for token in range(CLASSES):
            self._logits[token, after.get(token, 11)] = 5.0

    def named_parameters(self) -> Iterator[tuple[str, torch.nn.Parameter]]:
        return iter(())

    def encode(self, source: torch.Tensor, *, noise: Noise | None = None) -> Memory:
        self.noises.append(noise)
        return Memory(torch.zeros(*source.shape, CLASSES), None)

    def embed(self, tokens: torch.Tensor) -> torch.Tensor:
        return torch.eye(CLASSES)[tokens]

    def decode(
        self,
        embedded: torch.Tensor,
        memory: Memory,
        *,
        visible: torch.Tensor | None = None,
        noise: Noise | None = None,
    ) -> torch.Tensor:
        self.noises.append(noise)
        self.read.append(embedded.argmax(-1))
        return embedded

    def project(self, hidden: torch.Tensor) -> torch.Tensor:
        return hidden @ self._logits

    def start(self, memory: Memory) -> Cache:
        raise NotImplementedError

    def step(self, tokens: torch.Tensor, cache: Cache) -> torch.Tensor:
        raise NotImplementedError


@pytest.fixture
def successor() -> type[Successor]:
    return Successor
