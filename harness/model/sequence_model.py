"""The base of every model that is built."""

from __future__ import annotations

from collections.abc import Mapping

from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from harness.contracts import Cache, Memory, Site
from harness.model.projection import Projection
from harness.streams import Noise


class SequenceModel(nn.Module):
    """A torch module with the surface `harness.contracts.Model`, which subclasses fill in.

    Parameter names are public, such as ``encoder.0.self_attention.query.weight``. Every parameter
    is 0, a normalization's weight 1, until an initializer fills it. There is no train mode: noise
    comes with each call, through `sites`, or not at all. `decoded` counts the places of
    targets that it has computed so far, padding included.
    """

    sites: Mapping[str, Site]
    decoded: int = 0

    @property
    def projections(self) -> Mapping[str, Projection]:
        """Every `Projection` within, by its name."""
        return {
            name: module for name, module in self.named_modules() if isinstance(module, Projection)
        }

    def encode(
        self, source: Int[Tensor, "sentences source"], *, noise: Noise | None = None
    ) -> Memory:
        """Read the source; padding is hidden by token number."""
        raise NotImplementedError

    def embed(
        self, tokens: Int[Tensor, "sentences target"]
    ) -> Float[Tensor, "sentences target d_model"]:
        """Target token vectors times sqrt(d_model), without positions or noise."""
        raise NotImplementedError

    def decode(
        self,
        embedded: Float[Tensor, "sentences target d_model"],
        memory: Memory,
        *,
        visible: Bool[Tensor, "#sentences target target"] | None = None,
        noise: Noise | None = None,
    ) -> Float[Tensor, "sentences target d_model"]:
        """The hidden states of target token vectors; `visible` replaces the causal mask."""
        raise NotImplementedError

    def project(self, hidden: Float[Tensor, "*places d_model"]) -> Float[Tensor, "*places classes"]:
        """Logits from hidden states."""
        raise NotImplementedError

    def start(self, memory: Memory) -> Cache:
        """An empty cache over an encoded source, for `step`."""
        raise NotImplementedError

    def step(
        self, tokens: Int[Tensor, "sentences"], cache: Cache, *, noise: Noise | None = None
    ) -> Float[Tensor, "sentences d_model"]:
        """Feed one more token per sentence, growing the cache; the states that predict the next."""
        raise NotImplementedError
