"""The choice of tokens in speculative decoding: what a draft proposes, and what is accepted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol, runtime_checkable

import torch
from jaxtyping import Bool, Float, Int


class Proposal(NamedTuple):
    """The tokens that a draft proposes, and the distributions that they were drawn from."""

    tokens: Int[torch.Tensor, "sentences"]
    q: Float[torch.Tensor, "sentences classes"] | None = None


@runtime_checkable
class Rule(Protocol):
    """The choice of tokens from logits; places are counted from 0, without bos."""

    def select(self, rows: Int[torch.Tensor, "kept"]) -> Rule:
        """The rule for these sentences only."""

    def propose(
        self,
        logits: Float[torch.Tensor, "sentences classes"],
        *,
        places: Int[torch.Tensor, "sentences"],
    ) -> Proposal:
        """The draft's tokens."""

    def verify(
        self,
        logits: Float[torch.Tensor, "sentences count classes"],
        *,
        proposals: Sequence[Proposal],
        places: Int[torch.Tensor, "sentences"],
    ) -> tuple[Int[torch.Tensor, "sentences"], Int[torch.Tensor, "sentences"]]:
        """The number of accepted proposals of each sentence, and the token that follows them."""


class Likeliest:
    """The rule at temperature 0, where all distributions have one token."""

    def select(self, rows: Int[torch.Tensor, "kept"]) -> Likeliest:
        """The same for all sentences."""
        return self

    def propose(
        self,
        logits: Float[torch.Tensor, "sentences classes"],
        *,
        places: Int[torch.Tensor, "sentences"],
    ) -> Proposal:
        """The draft's likeliest tokens."""
        return Proposal(logits.argmax(-1))

    def verify(
        self,
        logits: Float[torch.Tensor, "sentences count classes"],
        *,
        proposals: Sequence[Proposal],
        places: Int[torch.Tensor, "sentences"],
    ) -> tuple[Int[torch.Tensor, "sentences"], Int[torch.Tensor, "sentences"]]:
        """Accept what is the model's likeliest token too."""
        likeliest = logits.argmax(-1)
        proposed = torch.stack([proposal.tokens for proposal in proposals], 1)
        accepted = _in_a_row(likeliest[:, :-1] == proposed)
        return accepted, likeliest.gather(1, accepted[:, None])[:, 0]


@dataclass(frozen=True, kw_only=True)
class Sampled:
    """The rule of the paper, with softmax(logits / temperature).

    A position has three uniform numbers: to sample the draft's token, to accept it, and to sample
    its replacement.
    """

    temperature: float
    uniform: Float[torch.Tensor, "sentences positions 3"]

    def select(self, rows: Int[torch.Tensor, "kept"]) -> Sampled:
        """The numbers of these sentences."""
        return replace(self, uniform=self.uniform[rows])

    def propose(
        self,
        logits: Float[torch.Tensor, "sentences classes"],
        *,
        places: Int[torch.Tensor, "sentences"],
    ) -> Proposal:
        """Tokens drawn from the draft's distribution."""
        q = self._distribution(logits)
        return Proposal(_sample(q, uniform=self._draws(places, use=0)), q)

    def verify(
        self,
        logits: Float[torch.Tensor, "sentences count classes"],
        *,
        proposals: Sequence[Proposal],
        places: Int[torch.Tensor, "sentences"],
    ) -> tuple[Int[torch.Tensor, "sentences"], Int[torch.Tensor, "sentences"]]:
        """Accept a token with probability min(1, p / q)."""
        p = self._distribution(logits)
        # With q = 0 after the last proposal, p - q is p: the extra token is sampled from p itself.
        drafted = [proposal.q for proposal in proposals if proposal.q is not None]
        q = torch.stack([*drafted, torch.zeros_like(drafted[0])], 1)
        proposed = torch.stack([proposal.tokens for proposal in proposals], 1)[..., None]
        p_proposed, q_proposed = (of[:, :-1].gather(2, proposed)[..., 0] for of in (p, q))
        steps = torch.arange(len(proposals), device=places.device)
        draws = torch.stack([self._draws(places + step, use=1) for step in steps], 1)
        # u < p / q, times q. It is strict, so that a token with p = 0 is rejected even at u = 0.
        accepted = _in_a_row(draws * q_proposed < p_proposed)
        rows = torch.arange(len(p), device=p.device)
        residual = (p - q)[rows, accepted].clamp(min=0)
        return accepted, _sample(residual, uniform=self._draws(places + accepted, use=2))

    def _distribution(
        self, logits: Float[torch.Tensor, "*places classes"]
    ) -> Float[torch.Tensor, "*places classes"]:
        return (logits.double() / self.temperature).softmax(-1)

    def _draws(
        self, places: Int[torch.Tensor, "sentences"], *, use: int
    ) -> Float[torch.Tensor, "sentences"]:
        return self.uniform[torch.arange(len(places), device=places.device), places, use]


def _in_a_row(
    accepted: Bool[torch.Tensor, "sentences ahead"],
) -> Int[torch.Tensor, "sentences"]:
    """The number of proposals before the first rejection."""
    return accepted.long().cumprod(1).sum(1)


def _sample(
    weights: Float[torch.Tensor, "sentences classes"],
    *,
    uniform: Float[torch.Tensor, "sentences"],
) -> Int[torch.Tensor, "sentences"]:
    """Invert the cumulative distribution of unnormalized weights at uniform numbers."""
    sums = weights.cumsum(-1)
    tokens = (sums <= uniform[:, None] * sums[:, -1:]).sum(-1)
    return tokens.clamp(max=weights.shape[-1] - 1)
