"""An ensemble of passes of one model, each with its own noise, that averages probabilities."""

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
    """The caches of all members."""

    members: tuple[Cache, ...]

    def select(self, rows: Int[Tensor, "kept"]) -> _Caches:
        """The caches of these sentences, in this order."""
        return _Caches(tuple(cache.select(rows) for cache in self.members))


class Ensemble:
    """p(y) = 1/N sum_n p(y | noise n): the members' probabilities are averaged, not their logits.

    It is a `Model` whose states are those of the members, concatenated, and whose logits are the
    logarithm of the mean of their probabilities, so that scoring and generation work unchanged. It
    is for evaluation: noise that it is called with is ignored, since every member has its own.
    """

    def __init__(self, model: Model, *, noises: Sequence[Noise]) -> None:
        self._model, self._noises = model, tuple(noises)

    @property
    def sites(self) -> Mapping[str, Site]:
        """Those of the one model."""
        return self._model.sites

    @property
    def projections(self) -> Mapping[str, Projection]:
        """Those of the one model."""
        return self._model.projections

    def named_parameters(self) -> Iterator[tuple[str, nn.Parameter]]:
        """Those of the one model."""
        return self._model.named_parameters()

    def encode(
        self, source: Int[Tensor, "sentences source"], *, noise: Noise | None = None
    ) -> Memory:
        """The memories of all members, concatenated."""
        memories = [self._model.encode(source, noise=own) for own in self._noises]
        states = torch.cat([memory.states for memory in memories], -1)
        # What is padding depends on the tokens alone, so every member says the same.
        return Memory(states, memories[0].visible)

    def embed(
        self, tokens: Int[Tensor, "sentences target"]
    ) -> Float[Tensor, "sentences target d_model"]:
        """Target token vectors, the same for all members."""
        return self._model.embed(tokens)

    def decode(
        self,
        embedded: Float[Tensor, "sentences target d_model"],
        memory: Memory,
        *,
        visible: Bool[Tensor, "#sentences target target"] | None = None,
        noise: Noise | None = None,
    ) -> Float[Tensor, "sentences target all_d_model"]:
        """The hidden states of all members, concatenated."""
        hidden = [
            self._model.decode(embedded, own, visible=visible, noise=member_noise)
            for member_noise, own in zip(self._noises, self._own(memory), strict=True)
        ]
        return torch.cat(hidden, -1)

    def project(
        self, hidden: Float[Tensor, "*places all_d_model"]
    ) -> Float[Tensor, "*places classes"]:
        """Logarithm of the mean of the members' probabilities."""
        logits = self._model.project(hidden.unflatten(-1, (len(self._noises), -1)))
        # Averaged in logarithms: a small probability becomes 0 in float32, and its logarithm -inf.
        return logits.log_softmax(-1).logsumexp(-2) - math.log(len(self._noises))

    def start(self, memory: Memory) -> Cache:
        """An empty cache of all members."""
        return _Caches(tuple(self._model.start(own) for own in self._own(memory)))

    def step(
        self, tokens: Int[Tensor, "sentences"], cache: Cache, *, noise: Noise | None = None
    ) -> Float[Tensor, "sentences all_d_model"]:
        """Feed one more token per sentence to every member."""
        assert isinstance(cache, _Caches), "a cache comes from `start`"
        hidden = [
            self._model.step(tokens, own, noise=member_noise)
            for member_noise, own in zip(self._noises, cache.members, strict=True)
        ]
        return torch.cat(hidden, -1)

    def _own(self, memory: Memory) -> list[Memory]:
        chunks = memory.states.chunk(len(self._noises), -1)
        return [Memory(states, memory.visible) for states in chunks]
