"""What components answer in training, refused where it is not what their slot promises.

Shapes and rates are looked at always, since that costs nothing; NaN only where training has
diverged already, to say whose answer it was.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch

from harness.contracts import Batch, Prediction
from harness.errors import HarnessError


def summed(value: torch.Tensor, *, of: str) -> torch.Tensor:
    """One number, of a loss or a penalty; raises `HarnessError` for any other shape."""
    if value.ndim:
        raise HarnessError(f"{of}: must return one summed number, got shape {tuple(value.shape)}")
    return value


def predicted(prediction: Prediction, *, batch: Batch, of: str) -> Prediction:
    """A row of logits for every real target token; raises `HarnessError` for any other number."""
    rows = {name: len(getattr(prediction, name)) for name in ("logits", "targets", "hidden")}
    for name, count in rows.items():
        if count != batch.tokens:
            fault = f"the batch has {batch.tokens} target tokens, but {name} has {count} rows"
            raise HarnessError(f"{of}: {fault}")
    return prediction


def rated(rate: float, *, update: int, of: str) -> float:
    """A rate; raises `HarnessError` for one that is negative or not finite."""
    if not (math.isfinite(rate) and rate >= 0):
        raise HarnessError(f"{of}: the rate at update {update} must be at least 0, got {rate}")
    return rate


def first_not_finite(answers: Iterator[tuple[str, torch.Tensor]]) -> str:
    """Whose answer is the first with a NaN or an infinity in it, in words."""
    for of, answer in answers:
        if not torch.isfinite(answer).all():
            return of
    return "a gradient"
