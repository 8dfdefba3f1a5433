"""The choice of the gold tokens to replace, and the logits that predict them."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float

from harness.contracts import Batch, Memory, Model
from harness.prediction import writable
from harness.streams import Noise


def sample_replaced(
    batch: Batch, *, gold_share: float | Float[torch.Tensor, "target"], noise: Noise
) -> Bool[torch.Tensor, "sentences target"]:
    """A mask of the input tokens to replace, drawn with probability 1 - `gold_share` each.

    `gold_share` is one number for all positions, or one per position of the decoder's input. bos
    and padding are never replaced.
    """
    real = batch.real
    # A coin is compared with the share, so a lower share replaces a superset of the tokens.
    replaced = real & (noise.uniform("scheduled_sampling", real.shape) >= gold_share)
    replaced[:, 0] = False  # the bos
    return replaced


def logits_at(
    positions: Bool[torch.Tensor, "sentences target"],
    *,
    model: Model,
    embedded: Float[torch.Tensor, "sentences target d_model"],
    memory: Memory,
    noise: Noise,
) -> Float[torch.Tensor, "replaced classes"]:
    """The logits that predict the tokens at `positions`, each from the position before."""
    hidden = model.decode(embedded, memory, noise=noise)
    # The state at t - 1 predicts token t. The state at t, used in the program of Mihaylova and
    # Martins, predicts the label of position t, and would hand the decoder its answer.
    return writable(model.project(hidden[:, :-1][positions[:, 1:]]))
