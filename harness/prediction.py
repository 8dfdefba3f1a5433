"""Logits from hidden states: at real target tokens for losses, writable ones for generation."""

from __future__ import annotations

import torch
from jaxtyping import Float

from harness.contracts import BOS, PAD, Batch, Model, Prediction


def predict_at_real(
    model: Model, batch: Batch, *, hidden: Float[torch.Tensor, "sentences target d_model"]
) -> Prediction:
    """The prediction of one forward pass; padding is never projected."""
    places = batch.real.flatten().nonzero().squeeze(1)
    # index_select: its gradient costs a third of a boolean mask's
    kept = hidden.flatten(0, 1).index_select(0, places)
    targets = batch.target_next.flatten().index_select(0, places)
    return Prediction(logits=model.project(kept), targets=targets, hidden=kept)


def writable(
    logits: Float[torch.Tensor, "places classes"],
) -> Float[torch.Tensor, "places classes"]:
    """Logits of the tokens that a model may write: pad and bos are at minus infinity."""
    excluded = torch.tensor([PAD, BOS], device=logits.device)
    return logits.index_fill(-1, excluded, -torch.inf)
