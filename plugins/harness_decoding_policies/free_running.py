"""Free running: the decoder reads only its own tokens."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from harness.components import DecodingPolicy
from harness.contracts import Batch, Model, Predict, Prediction, Setting
from harness.prediction import free_running_input, predict_at_real
from harness.streams import Noise


@dataclass(frozen=True, kw_only=True)
class FreeRunning(DecodingPolicy):
    """Predicts gold tokens from the model's own previous tokens (Williams & Zipser 1989).

    First the model decodes greedily, without gradients or noise: w_t = argmax p(. | w_{<t}, x),
    over all tokens but pad and bos, to the length of the gold sentence. Then one pass with
    gradients and noise reads bos, w_1 ... w_{n-1} and predicts y_1 ... y_n. Without noise this
    equals n passes that each read the tokens of the previous one. The targets stay aligned with the
    gold sentence even after the model has ended its sentence or diverged from it, the known
    weakness of free running.
    """

    name = "free_running"

    def build(self, setting: Setting) -> Predict:
        """Greedy decoding, then one forward pass."""
        return _predict


def _predict(model: Model, batch: Batch, *, update: int, noise: Noise | None) -> Prediction:
    with torch.no_grad():
        tokens = free_running_input(model, batch)
    # Encoded again: the greedy pass had neither gradients nor noise.
    memory = model.encode(batch.source, noise=noise)
    hidden = model.decode(model.embed(tokens), memory, noise=noise)
    return predict_at_real(model, batch, hidden=hidden)
