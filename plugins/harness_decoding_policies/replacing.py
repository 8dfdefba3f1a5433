"""Which gold tokens are replaced, and what a pass over the decoder expects in their place."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float

from harness.contracts import Batch, Memory, Model
from harness.prediction import writable
from harness.streams import Noise


def replaced(
    batch: Batch, *, gold_share: float | Float[torch.Tensor, "target"], noise: Noise
) -> Bool[torch.Tensor, "sentences target"]:
    """Where the coin of a real token shows the model; a bos has none.

    One share for the whole sentence, or one for each place of the decoder's input.
    """
    real = batch.real
    chosen = real & (noise.uniform("scheduled_sampling", real.shape) >= gold_share)
    chosen[:, 0] = False  # the bos
    return chosen


def expected_there(
    model: Model,
    *,
    embedded: Float[torch.Tensor, "sentences target d_model"],
    memory: Memory,
    places: Bool[torch.Tensor, "sentences target"],
    noise: Noise,
) -> Float[torch.Tensor, "replaced classes"]:
    """Logits that predict the tokens at these places: each from the position before."""
    hidden = model.decode(embedded, memory, noise=noise)
    return writable(model.project(hidden[:, :-1][places[:, 1:]]))
