"""Teacher forcing: the decoder reads gold tokens."""

from __future__ import annotations

from dataclasses import dataclass

from harness.components import DecodingPolicy
from harness.contracts import Batch, Model, Predict, Prediction, Setting
from harness.prediction import predict_at_real
from harness.streams import Noise


@dataclass(frozen=True, kw_only=True)
class TeacherForcing(DecodingPolicy):
    """Predicts every token from the gold tokens before it, in one pass (Williams & Zipser 1989).

    The decoder reads bos, y_1 ... y_{n-1} and predicts y_1 ... y_n, where y_n is eos; the causal
    mask hides later tokens.
    """

    name = "teacher_forcing"

    def build(self, setting: Setting) -> Predict:
        """One forward pass."""
        return _predict


def _predict(model: Model, batch: Batch, *, update: int, noise: Noise | None) -> Prediction:
    memory = model.encode(batch.source, noise=noise)
    hidden = model.decode(model.embed(batch.target_input), memory, noise=noise)
    return predict_at_real(model, batch, hidden=hidden)
