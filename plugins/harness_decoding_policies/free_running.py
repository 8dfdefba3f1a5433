"""Free running: the decoder reads nothing but its own tokens."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Int

from harness.components import DecodingPolicy
from harness.contracts import Batch, Model, Predict, Prediction, Setting
from harness.prediction import predict_at_real, writable
from harness.streams import Noise


@dataclass(frozen=True, kw_only=True)
class FreeRunning(DecodingPolicy):
    """Predicts gold tokens from what the model itself would have written (Williams & Zipser 1989).

    First the model writes as greedy decoding does, without gradients or noise, one token after
    another: w_t = argmax p(. | w_{<t}, x), over everything but pad and bos, as many as the gold
    sentence has. Then one pass with gradients and noise reads bos, w_1 ... w_{n-1} and predicts
    y_1 ... y_n. Without noise that is exactly what n passes that each read the last one's tokens
    come to. The gold token still stands at its own place, even where the model has ended or lost
    its thread: that is free running's known weakness.
    """

    name = "free_running"

    def build(self, setting: Setting) -> Predict:
        """Writing, then one forward pass."""
        return _predict


def _predict(model: Model, batch: Batch, *, update: int, noise: Noise | None) -> Prediction:
    with torch.no_grad():
        read = _written(model, batch)
    memory = model.encode(batch.source, noise=noise)
    hidden = model.decode(model.embed(read), memory, noise=noise)
    return predict_at_real(model, batch, hidden=hidden)


def _written(model: Model, batch: Batch) -> Int[torch.Tensor, "sentences target"]:
    """Bos and the model's own tokens after it, where gold ones are read too."""
    read = batch.target_input.clone()
    cache = model.start(model.encode(batch.source))
    for place in range(1, read.shape[1]):
        likeliest = writable(model.project(model.step(read[:, place - 1], cache))).argmax(-1)
        read[:, place] = torch.where(batch.real[:, place], likeliest, read[:, place])
    return read
