"""The diagnosis of a divergence: the component whose value was the first that is not finite."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import torch

from harness.components import Averaging, Component
from harness.contracts import Batch
from harness.registry.attribution import label
from harness.streams import Noise
from harness.training.assembly import Assembly
from harness.training.divergence import Diverged
from harness.training.objective import predict_passes
from harness.training.regularizer_guards import record_nan


class _Value(NamedTuple):
    """A value that an update was made of, its description, and the component that owns it."""

    description: str
    owner: Component | None
    value: torch.Tensor


def diverged_update(
    parts: Assembly, *, window: Sequence[Batch], noise: Noise, loss: float, gradient_norm: float
) -> Diverged:
    """The error for an update whose loss or gradient norm is not finite."""
    values = _values(parts, window=window, noise=noise)
    # Lazily: nothing is computed that comes after the first.
    first = next((value for value in values if not torch.isfinite(value.value).all()), None)
    description, owner = (first.description, first.owner) if first else ("a gradient", None)
    fault = f"loss {loss:g}, gradient norm {gradient_norm:g} at update {noise.update}"
    return Diverged(f"{fault}; the first that is not finite: {description}", component=owner)


def diverged_evaluation(parts: Assembly, *, update: int) -> Diverged:
    """The error for a validation nll that is not finite after an update."""
    owner = _nonfinite_average(parts)
    source = f": the weights that {label(owner)} gives are not" if owner else ""
    fault = f"validation nll is not finite after update {update}{source}"
    return Diverged(fault, component=owner)


def _nonfinite_average(parts: Assembly) -> Averaging | None:
    """The averaging, if its average is not finite though the model's weights are."""
    average = parts.averager.weights() if parts.averager else None
    if average is None or not all(weight.isfinite().all() for weight in parts.model.parameters()):
        return None
    finite = all(weight.isfinite().all() for weight in average.values())
    return None if finite else parts.experiment.averaging


@torch.no_grad()
def _values(parts: Assembly, *, window: Sequence[Batch], noise: Noise) -> Iterator[_Value]:
    """All that an update was made of, computed again: the same keys give the same bits."""
    experiment = parts.experiment
    # First, since the step of the update before this one may have spoiled them unnoticed.
    for parameter in parts.model.parameters():
        description = f"weights after a step of {label(experiment.optimizer)}"
        yield _Value(description, experiment.optimizer, parameter)
    for micro_batch, batch in enumerate(window):
        key = replace(noise, micro_batch=micro_batch)
        yield from _values_of_batch(parts, batch=batch, noise=key)


def _values_of_batch(parts: Assembly, *, batch: Batch, noise: Noise) -> Iterator[_Value]:
    policy, loss = parts.experiment.decoding_policy, parts.experiment.loss
    with record_nan(parts.model) as effects:
        predictions = predict_passes(parts, batch=batch, noise=noise)
    for prediction in predictions:
        for effect in effects:
            description = f"what {label(effect.owner)} does at a site"
            yield _Value(description, effect.owner, prediction.logits)
        description = f"the logits of {label(policy)}, from finite weights"
        yield _Value(description, policy, prediction.logits)
    for prediction in predictions:
        value = parts.loss(prediction.logits, prediction.targets)
        yield _Value(f"{label(loss)}, from finite logits", loss, value)
    regularizers = parts.experiment.regularizers.values()
    for regularizer, part in zip(regularizers, parts.regularizations, strict=True):
        if part.penalty:
            value = part.penalty(predictions)
            yield _Value(f"the penalty of {label(regularizer)}", regularizer, value)
