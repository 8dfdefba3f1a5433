"""What components answer in training, refused where it is not what their slot promises.

Shapes and rates are looked at always, since that costs nothing; NaN only where training has
diverged already, to say whose answer it was.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import torch

from harness.contracts import Batch, Prediction
from harness.errors import HarnessError


def summed(value: Any, *, of: str) -> torch.Tensor:
    """One number, of a loss or a penalty; raises `HarnessError` for any other shape."""
    if not isinstance(value, torch.Tensor):
        raise HarnessError(f"{of}: must return a tensor, got {value!r:.40}")
    if value.ndim:
        raise HarnessError(f"{of}: must return one summed number, got shape {tuple(value.shape)}")
    return value


def predicted(prediction: Any, *, batch: Batch, of: str) -> Prediction:
    """A row of logits for every real target token; raises `HarnessError` for any other number."""
    if not isinstance(prediction, Prediction):
        raise HarnessError(f"{of}: must return a Prediction, got {prediction!r:.40}")
    rows = {name: len(getattr(prediction, name)) for name in ("logits", "targets", "hidden")}
    for name, count in rows.items():
        if count != batch.tokens:
            fault = f"the batch has {batch.tokens} target tokens, but {name} has {count} rows"
            raise HarnessError(f"{of}: {fault}")
    return prediction


def rated(rate: Any, *, update: int, of: str) -> float:
    """A rate; raises `HarnessError` for one that is negative, not finite or no number."""
    if not (isinstance(rate, float | int) and math.isfinite(rate) and rate >= 0):
        fault = f"the rate at update {update} must be a number at least 0, got {rate!r:.40}"
        raise HarnessError(f"{of}: {fault}")
    return rate


def translated(written: Sequence[list[int]], *, sentences: int) -> Sequence[list[int]]:
    """A translation a sentence; raises `HarnessError` for any other number."""
    if len(written) != sentences:
        raise HarnessError(f"generation: {len(written)} translations of {sentences} sentences")
    return written


def first_not_finite(answers: Iterator[tuple[str, torch.Tensor]]) -> str:
    """Whose answer is the first with a NaN or an infinity in it, in words."""
    for of, answer in answers:
        if not torch.isfinite(answer).all():
            return of
    return "a gradient"
