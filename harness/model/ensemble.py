"""Several passes of one model, each with noise of its own, as one model that averages them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from harness.contracts import Cache, Memory, Model, Projection, Site
from harness.streams import Noise


@dataclass(frozen=True)
class _Caches:
    """Every member's cache."""

    members: tuple[Cache, ...]

    def select(self, rows: Int[Tensor, "kept"]) -> _Caches:
        """Those of these sentences, in this order."""
        return _Caches(tuple(each.select(rows) for each in self.members))


class Ensemble:
    """p(y) = 1/N sum_n p(y | noise n): the members' probabilities are averaged, not their logits.

    It is a `Model` whose states are the members', side by side, and whose logits are the logarithm
    of the mean of their probabilities; so everything that scores or generates works as it is. It is
    for evaluation: noise that it is called with is not used, for every member has its own.
    """

    def __init__(self, model: Model, *, noises: Sequence[Noise]) -> None:
        self._model, self._noises = model, tuple(noises)

    @property
    def sites(self) -> Mapping[str, Site]:
        """The one model's."""
        return self._model.sites

    @property
    def projections(self) -> Mapping[str, Projection]:
        """The one model's."""
        return self._model.projections

    def named_parameters(self) -> Iterator[tuple[str, nn.Parameter]]:
        """The one model's."""
        return self._model.named_parameters()

    def encode(
        self, source: Int[Tensor, "sentences source"], *, noise: Noise | None = None
    ) -> Memory:
        """Every member's memory, side by side."""
        memories = [self._model.encode(source, noise=each) for each in self._noises]
        states = torch.cat([each.states for each in memories], -1)
        return Memory(states, memories[0].visible)

    def embed(
        self, tokens: Int[Tensor, "sentences target"]
    ) -> Float[Tensor, "sentences target d_model"]:
        """Target token vectors, which are the same for all."""
        return self._model.embed(tokens)

    def decode(
        self,
        embedded: Float[Tensor, "sentences target d_model"],
        memory: Memory,
        *,
        visible: Bool[Tensor, "#sentences target target"] | None = None,
        noise: Noise | None = None,
    ) -> Float[Tensor, "sentences target all_d_model"]:
        """Every member's hidden states, side by side."""
        hidden = [
            self._model.decode(embedded, own, visible=visible, noise=each)
            for each, own in zip(self._noises, self._own(memory), strict=True)
        ]
        return torch.cat(hidden, -1)

    def project(
        self, hidden: Float[Tensor, "*places all_d_model"]
    ) -> Float[Tensor, "*places classes"]:
        """Logarithm of the mean of the members' probabilities."""
        logits = self._model.project(hidden.unflatten(-1, (len(self._noises), -1)))
        return logits.log_softmax(-1).logsumexp(-2) - math.log(len(self._noises))

    def start(self, memory: Memory) -> Cache:
        """An empty cache for every member."""
        return _Caches(tuple(self._model.start(own) for own in self._own(memory)))

    def step(
        self, tokens: Int[Tensor, "sentences"], cache: Cache, *, noise: Noise | None = None
    ) -> Float[Tensor, "sentences all_d_model"]:
        """Feed one more token a sentence to every member."""
        assert isinstance(cache, _Caches), "a cache comes from `start`"
        hidden = [
            self._model.step(tokens, own, noise=each)
            for each, own in zip(self._noises, cache.members, strict=True)
        ]
        return torch.cat(hidden, -1)

    def _own(self, memory: Memory) -> list[Memory]:
        states = memory.states.chunk(len(self._noises), -1)
        return [Memory(each, memory.visible) for each in states]
