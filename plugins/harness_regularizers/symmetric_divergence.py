"""The divergence of two distributions in both directions, with the gradients of both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Float

_BLOCK = 2**16  # numbers in the rows of a block


def symmetric_divergence(
    p: Float[torch.Tensor, "tokens classes"], *, q: Float[torch.Tensor, "tokens classes"]
) -> Float[torch.Tensor, ""]:
    """(KL(p || q) + KL(q || p)) / 2 of log-probabilities: half the sum of (p - q) ln(p / q)."""
    divergence: torch.Tensor = _Divergence.apply(p, q)  # type: ignore[no-untyped-call] # in its stubs
    return divergence


class _Divergence(torch.autograd.Function):
    """((p.exp() - q.exp()) * (p - q)).sum() / 2, a few rows at a time.

    Values and gradients are those of torch's own operations on all rows, bit for bit, which take
    three times as long: each of a dozen passes over all classes of all tokens leaves the cache.
    """

    @staticmethod
    def forward(context: Any, p: torch.Tensor, q: torch.Tensor) -> torch.Tensor:
        context.save_for_backward(p, q)
        # One product instead of two divergences, and exactly 0 if p equals q.
        products = torch.empty_like(p)
        for log_p, log_q, product in zip(*map(_blocks, (p, q, products)), strict=True):
            torch.mul(log_p.exp().sub_(log_q.exp()), log_p - log_q, out=product)
        # Of all at once: sums of blocks would round otherwise.
        return products.sum() / 2

    @staticmethod
    def backward(context: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        p, q = context.saved_tensors
        half = gradients[0] / 2
        of_p, of_q = torch.empty_like(p), torch.empty_like(q)
        for log_p, log_q, out_p, out_q in zip(*map(_blocks, (p, q, of_p, of_q)), strict=True):
            exp_p, exp_q = log_p.exp(), log_q.exp()
            ratio, difference = (log_p - log_q).mul_(half), (exp_p - exp_q).mul_(half)
            torch.mul(ratio, exp_p, out=out_p).add_(difference)
            torch.mul(ratio, exp_q, out=out_q).add_(difference).neg_()
        return of_p, of_q


def _blocks(rows: torch.Tensor) -> Sequence[torch.Tensor]:
    """Views of rows that fit in a processor's cache; all at once on other devices."""
    if rows.device.type != "cpu":
        return [rows]
    blocks: Sequence[torch.Tensor] = rows.split(max(1, _BLOCK // rows.shape[-1]))
    return blocks
