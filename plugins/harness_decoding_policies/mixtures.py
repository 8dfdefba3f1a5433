"""Mixtures of token embeddings that replace a gold token, computed from predicted logits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Float

from harness.contracts import Model
from harness.streams import Noise

MixtureName = Literal["argmax", "sample", "top_k", "softmax", "gumbel", "sparsemax"]
DISCRETE: tuple[MixtureName, ...] = ("argmax", "sample")  # no gradient flows through a choice


@dataclass(frozen=True, kw_only=True)
class Mixture:
    """A mixture of token embeddings, by name; `ScheduledSampling` documents all of them."""

    name: MixtureName
    top_k: int
    temperature: float

    def __call__(
        self, logits: Float[torch.Tensor, "replaced classes"], *, model: Model, noise: Noise
    ) -> Float[torch.Tensor, "replaced d_model"]:
        if self.name == "argmax":
            return model.embed(logits.argmax(-1, keepdim=True)).squeeze(1)
        if self.name == "sample":
            coins = noise.generator("scheduled_sampling.tokens", stream="policy")
            tokens = torch.multinomial(logits.softmax(-1), 1, generator=coins)
            return model.embed(tokens).squeeze(1)
        if self.name == "top_k":
            # A vocabulary can have fewer classes than `top_k`, for which topk raises an error.
            best = logits.topk(min(self.top_k, logits.shape[-1]))
            # A softmax: the authors' program divides logits, which can be negative, by their sum.
            return torch.einsum("rk,rkd->rd", best.values.softmax(-1), model.embed(best.indices))
        classes = torch.arange(logits.shape[-1], device=logits.device)
        return self._weights(logits, noise=noise) @ model.embed(classes[None])[0]

    def _weights(
        self, logits: Float[torch.Tensor, "replaced classes"], *, noise: Noise
    ) -> Float[torch.Tensor, "replaced classes"]:
        if self.name == "sparsemax":
            return sparsemax(logits)
        if self.name == "gumbel":
            logits = logits + gumbel(logits, noise=noise)
        return (logits / self.temperature).softmax(-1)


def gumbel(
    like: Float[torch.Tensor, "replaced classes"], *, noise: Noise
) -> Float[torch.Tensor, "replaced classes"]:
    """Standard Gumbel noise, -ln(-ln u): the argmax of logits plus it is a sample."""
    coins = noise.generator("scheduled_sampling.gumbel", stream="policy")
    # Drawn as an exponential variable, -ln u is never 0 or infinite; u from uniform_ can be 0.
    exponential = torch.empty(like.shape, dtype=like.dtype, device=like.device)
    return -exponential.exponential_(generator=coins).log()


def sparsemax(
    logits: Float[torch.Tensor, "rows classes"],
) -> Float[torch.Tensor, "rows classes"]:
    """The Euclidean projection of logits onto the simplex (Martins & Astudillo 2016, algorithm 1).

    p_i = max(z_i - tau, 0), with tau = (sum of the k largest z - 1) / k, for the largest k with
    the k-th largest z above tau.
    """
    # A logit of -inf, that of pad and bos, is never in the support: -inf > -inf is false.
    ranked = logits.sort(dim=-1, descending=True).values
    ranks = torch.arange(1, logits.shape[-1] + 1, device=logits.device, dtype=logits.dtype)
    sums = ranked.cumsum(-1)
    # The condition holds for the largest classes and for no others, so a count of it is k.
    support = (1 + ranks * ranked > sums).sum(-1, keepdim=True)
    threshold = (sums.gather(-1, support - 1) - 1) / support
    return (logits - threshold).clamp(min=0)
