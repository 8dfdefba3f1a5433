"""What the decoder reads in place of a gold token, made of the logits that predict it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Float

from harness.contracts import Model
from harness.streams import Noise

Name = Literal["argmax", "sample", "top_k", "softmax", "gumbel", "sparsemax"]
DISCRETE: tuple[Name, ...] = ("argmax", "sample")  # no gradient comes through a choice


@dataclass(frozen=True, kw_only=True)
class Mixture:
    """A named mixture of token vectors; each is defined in `ScheduledSampling`."""

    name: Name
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
            best = logits.topk(min(self.top_k, logits.shape[-1]))
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
    """Standard Gumbel numbers, -ln(-ln u): added to logits, their argmax is a sample."""
    coins = noise.generator("scheduled_sampling.gumbel", stream="policy")
    # -ln u, which is never 0 and never infinite.
    waits = torch.empty(like.shape, dtype=like.dtype, device=like.device)
    return -waits.exponential_(generator=coins).log()


def sparsemax(
    logits: Float[torch.Tensor, "rows classes"],
) -> Float[torch.Tensor, "rows classes"]:
    """The distribution nearest to the logits themselves (Martins & Astudillo 2016, algorithm 1).

    p_i = max(z_i - tau, 0), with tau = (sum of the k largest z - 1) / k for the largest k whose
    k-th largest z is above it.
    """
    ranked = logits.sort(dim=-1, descending=True).values
    ranks = torch.arange(1, logits.shape[-1] + 1, device=logits.device, dtype=logits.dtype)
    sums = ranked.cumsum(-1)
    support = (1 + ranks * ranked > sums).sum(-1, keepdim=True)
    threshold = (sums.gather(-1, support - 1) - 1) / support
    return (logits - threshold).clamp(min=0)
