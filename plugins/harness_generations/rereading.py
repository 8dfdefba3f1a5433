"""A pass over beginnings of several lengths, for generations that check what was guessed."""

from __future__ import annotations

import torch
from jaxtyping import Float, Int

from harness.contracts import Memory, Model
from harness.prediction import writable


def logits_after(
    model: Model,
    *,
    memory: Memory,
    read: Int[torch.Tensor, "sentences target"],
    first: Int[torch.Tensor, "sentences"],
    count: int,
) -> Float[torch.Tensor, "sentences count classes"]:
    """What the model would write after each of `count` places of a row, from place `first` on.

    One pass without a cache, since a cache holds rows of one length and cannot forget. What stands
    further right in a row is not seen from there, so that rows may be filled up with anything.
    """
    hidden = model.decode(model.embed(read), memory)
    places = first[:, None] + torch.arange(count, device=read.device)
    rows = torch.arange(len(read), device=read.device)[:, None]
    logits = model.project(hidden[rows, places])
    return writable(logits.flatten(0, 1)).view(logits.shape)
