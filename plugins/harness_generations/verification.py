"""One decoder pass over prefixes of different lengths, to verify guessed tokens."""

from __future__ import annotations

import torch
from jaxtyping import Float, Int

from harness.contracts import Memory, Model
from harness.prediction import writable


def logits_after(
    model: Model,
    *,
    memory: Memory,
    prefixes: Int[torch.Tensor, "sentences target"],
    first: Int[torch.Tensor, "sentences"],
    count: int,
) -> Float[torch.Tensor, "sentences count classes"]:
    """The logits after each of `count` positions of a row, from its position `first` on.

    This is one pass without a cache, since a cache needs rows of equal length and cannot drop
    rejected tokens. Attention is causal, so anything may follow the positions of interest.
    """
    hidden = model.decode(model.embed(prefixes), memory)
    positions = first[:, None] + torch.arange(count, device=prefixes.device)
    rows = torch.arange(len(prefixes), device=prefixes.device)[:, None]
    logits = model.project(hidden[rows, positions])
    return writable(logits.flatten(0, 1)).view(logits.shape)
