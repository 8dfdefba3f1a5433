"""Logits from hidden states, at real or writable tokens, and input of a model's own."""

from __future__ import annotations

import torch
from jaxtyping import Float, Int

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


def free_running_input(model: Model, batch: Batch) -> Int[torch.Tensor, "sentences target"]:
    """The decoder's input with the model's own tokens after bos, padded as the gold input is.

    w_t = argmax p(. | w_{<t}, x) over writable tokens, without noise, to the length of the gold
    sentence: also after an eos of the model's own.
    """
    tokens = batch.target_input.clone()
    cache = model.start(model.encode(batch.source))
    for position in range(1, tokens.shape[1]):
        hidden = model.step(tokens[:, position - 1], cache)
        likeliest = writable(model.project(hidden)).argmax(-1)
        # Padding stays where the gold input has it, so that predictions and targets correspond.
        tokens[:, position] = torch.where(batch.real[:, position], likeliest, tokens[:, position])
    return tokens
