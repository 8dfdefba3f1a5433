"""Free running: the decoder reads only its own tokens."""

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
        tokens = _greedy_input(model, batch)
    # Encoded again: the greedy pass had neither gradients nor noise.
    memory = model.encode(batch.source, noise=noise)
    hidden = model.decode(model.embed(tokens), memory, noise=noise)
    return predict_at_real(model, batch, hidden=hidden)


def _greedy_input(model: Model, batch: Batch) -> Int[torch.Tensor, "sentences target"]:
    """The decoder's input with the model's own tokens after bos, padded as the gold input is."""
    tokens = batch.target_input.clone()
    cache = model.start(model.encode(batch.source))
    for position in range(1, tokens.shape[1]):
        hidden = model.step(tokens[:, position - 1], cache)
        likeliest = writable(model.project(hidden)).argmax(-1)
        # Padding stays where the gold input has it, so that predictions and targets correspond.
        tokens[:, position] = torch.where(batch.real[:, position], likeliest, tokens[:, position])
    return tokens
