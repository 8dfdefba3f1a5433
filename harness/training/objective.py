"""The training objective of one batch: the loss averaged over passes, plus the penalties."""

from __future__ import annotations

import torch

from harness.contracts import Batch, Prediction
from harness.streams import Noise
from harness.training.assembly import Assembly


def objective(parts: Assembly, *, batch: Batch, noise: Noise) -> torch.Tensor:
    """The mean loss of the passes plus the penalties, summed over the batch's tokens."""
    predictions = predict_passes(parts, batch=batch, noise=noise)
    losses = [parts.loss(prediction.logits, prediction.targets) for prediction in predictions]
    # A mean of one would be the same number at the price of two more kernels.
    total = torch.stack(losses).mean() if len(losses) > 1 else losses[0]
    for regularization in parts.regularizations:
        if regularization.penalty:
            total = total + regularization.penalty(predictions)
    return total


def predict_passes(parts: Assembly, *, batch: Batch, noise: Noise) -> list[Prediction]:
    """One prediction per pass, as many as the regularizer that needs most."""
    passes = max([1, *(regularization.passes for regularization in parts.regularizations)])
    # The first pass keeps the plain key, so that adding passes changes none of its masks.
    noises = [noise, *(noise.of_pass(f"pass {number}") for number in range(1, passes))]
    return [parts.predict(parts.model, batch, update=noise.update, noise=key) for key in noises]
