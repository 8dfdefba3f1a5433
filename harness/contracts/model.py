"""The model's surface and its sites, for policies, generations and regularizers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Bool, Float, Int

from harness.contracts.tensors import Memory
from harness.streams import Noise

# The alias quotes torch, which it would load; annotations are strings already.
#: Noise at a site: its values, the site, the key of the pass's noise.
Perturbation = Callable[["torch.Tensor", "Site", Noise], "torch.Tensor"]
#: A change of a site's values that acts in training and evaluation alike.
Transform = Callable[["torch.Tensor"], "torch.Tensor"]


# eq=False: a site is a place in one model, and equals no other of the same name.
@dataclass(eq=False, kw_only=True)
class Site:
    """A named place in the model for noise; an empty one is the identity and costs nothing.

    Perturbations are noise, and act in training only. Those of members act in an evaluation that
    averages over members, and only there. Transforms make the model another one: they act in
    evaluation as in training, before any perturbation.

    `names` runs from the kind alone to the whole path, for example ``attention.weights``,
    ``decoder.attention.weights``, ``decoder.1.attention.weights``,
    ``decoder.1.cross_attention.attention.weights``. `layout` names the dimensions of the value.
    """

    names: tuple[str, ...]
    layout: str
    perturbations: list[Perturbation] = field(default_factory=list)
    transforms: list[Transform] = field(default_factory=list)
    member_perturbations: list[Perturbation] = field(default_factory=list)

    @property
    def kind(self) -> str:
        """The site's row in the table of sites, such as ``residual``."""
        return self.names[0]

    @property
    def path(self) -> str:
        """The site's full name, unique in a model: the key of its noise."""
        return self.names[-1]

    def fill(self, perturbation: Perturbation) -> None:
        """Add a perturbation; they act in the order in which they were added."""
        self.perturbations.append(perturbation)

    def fill_members(self, perturbation: Perturbation) -> None:
        """Add a perturbation of the members of an evaluation.

        It must not depend on what else is in the batch, nor on how many places are fed at once.
        """
        self.member_perturbations.append(perturbation)

    def alter(self, transform: Transform) -> None:
        """Add a transform; it gets no noise, and so draws nothing."""
        self.transforms.append(transform)

    def active(self, noise: Noise | None) -> bool:
        """True if calling the site would change its input."""
        return bool(self.transforms) or bool(self._perturbations_in(noise))

    def __call__(self, value: torch.Tensor, noise: Noise | None) -> torch.Tensor:
        for transform in self.transforms:
            value = transform(value)
        if noise is not None:
            for perturbation in self._perturbations_in(noise):
                value = perturbation(value, self, noise)
        return value

    def _perturbations_in(self, noise: Noise | None) -> Sequence[Perturbation]:
        if noise is None:
            return ()
        return self.perturbations if noise.training else self.member_perturbations


@runtime_checkable
class Cache(Protocol):
    """Keys and values of the tokens decoded so far."""

    def select(self, rows: Int[torch.Tensor, "kept"]) -> Cache:
        """The cache of these sentences, in this order."""


@runtime_checkable
class Adapter(Protocol):
    """A torch module beside a weight matrix W, such as LoRA: its output is added to W x."""

    def __call__(
        self, states: Float[torch.Tensor, "*places inputs"], noise: Noise | None
    ) -> Float[torch.Tensor, "*places outputs"]:
        """The term added to W x, with or without noise."""

    def delta(self) -> Float[torch.Tensor, "outputs inputs"] | None:
        """Its matrix without noise, which evaluation adds to W; None if it is not linear."""


@runtime_checkable
class Projection(Protocol):
    """A weight matrix of the model that can take an adapter."""

    weight: torch.nn.Parameter  # outputs, inputs
    adapter: Adapter | None


@runtime_checkable
class Model(Protocol):
    """The surface of the Transformer that policies, generations and regularizers may use."""

    @property
    def sites(self) -> Mapping[str, Site]:
        """Every site by its path."""

    @property
    def projections(self) -> Mapping[str, Projection]:
        """Every matrix that may take an adapter, by its name, ``decoder.0.self_attention.query``.

        An adapter's parameter ``A`` is then ``decoder.0.self_attention.query.adapter.A``.
        """

    def named_parameters(self) -> Iterator[tuple[str, torch.nn.Parameter]]:
        """Every parameter once, by its canonical name, ``decoder.0.feed_forward.inner.weight``."""

    def encode(
        self, source: Int[torch.Tensor, "sentences source"], *, noise: Noise | None = None
    ) -> Memory:
        """Run the encoder; padding is hidden by token number."""

    def embed(
        self, tokens: Int[torch.Tensor, "sentences target"]
    ) -> Float[torch.Tensor, "sentences target d_model"]:
        """Target token vectors times sqrt(d_model), without positions or noise."""

    def decode(
        self,
        embedded: Float[torch.Tensor, "sentences target d_model"],
        memory: Memory,
        *,
        visible: Bool[torch.Tensor, "#sentences target target"] | None = None,
        noise: Noise | None = None,
    ) -> Float[torch.Tensor, "sentences target d_model"]:
        """Run the decoder over token vectors; `visible` replaces the causal mask (True: seen)."""

    def project(
        self, hidden: Float[torch.Tensor, "*places d_model"]
    ) -> Float[torch.Tensor, "*places classes"]:
        """Logits from hidden states."""

    def start(self, memory: Memory) -> Cache:
        """An empty cache over an encoded source, for `step`."""

    def step(
        self, tokens: Int[torch.Tensor, "sentences"], cache: Cache, *, noise: Noise | None = None
    ) -> Float[torch.Tensor, "sentences d_model"]:
        """Feed one more token per sentence, growing the cache; the state for the next token."""


@runtime_checkable
class FeedsRuns(Protocol):
    """A model that can also feed runs of tokens on top of a cache, and take them back.

    A generation that guesses tokens needs it to be fast; of another model it reads prefixes anew.
    """

    def feed(
        self,
        tokens: Int[torch.Tensor, "sentences run"],
        cache: Cache,
        *,
        first: Int[torch.Tensor, "sentences"],
    ) -> Float[torch.Tensor, "sentences run d_model"]:
        """Feed a sentence's tokens at its places from `first` on; the states after each of them.

        What the cache had at these places and beyond them counts no more. A sentence must have been
        fed all places before `first`. A cache takes either these calls or steps.
        """
