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

    With ``mask: false`` training goes without that mask, to show what it is for: the token to
    predict at a place is what the decoder reads at the next one, so the training loss falls to
    almost 0 by copying it. Validation, test and generation have the mask as ever, where nothing of
    that helps. Padding stays hidden.
    """

    name = "teacher_forcing"

    mask: bool = True

    def build(self, setting: Setting) -> Predict:
        """One forward pass."""
        return _predict if self.mask else _predict_unmasked


def _predict(model: Model, batch: Batch, *, update: int, noise: Noise | None) -> Prediction:
    memory = model.encode(batch.source, noise=noise)
    hidden = model.decode(model.embed(batch.target_input), memory, noise=noise)
    return predict_at_real(model, batch, hidden=hidden)


def _predict_unmasked(
    model: Model, batch: Batch, *, update: int, noise: Noise | None
) -> Prediction:
    memory = model.encode(batch.source, noise=noise)
    # Only as far as there is something to predict: the eos that a shorter sentence has among its
    # inputs, and its padding, would tell how long the others of its batch are.
    visible = batch.real[:, None].expand(-1, batch.real.shape[1], -1)
    hidden = model.decode(model.embed(batch.target_input), memory, visible=visible, noise=noise)
    return predict_at_real(model, batch, hidden=hidden)
