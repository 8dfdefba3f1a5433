"""What an update makes small, and whose answer spoiled it when it is not finite."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import torch

from harness.components import Component, Regularizer
from harness.contracts import Batch, Prediction, Regularization
from harness.registry.attribution import attributed_to, label, refuse
from harness.streams import Noise
from harness.training import contract_checks
from harness.training.assembly import Assembly
from harness.training.site_checks import record_nonfinite


class _Answer(NamedTuple):
    """Something an update was made of, in words, and whose it is."""

    what: str
    of: Component | None
    value: torch.Tensor


def objective(parts: Assembly, *, batch: Batch, noise: Noise) -> torch.Tensor:
    """The mean loss of the passes plus the penalties, summed over the batch's tokens."""
    predictions = _predictions(parts, batch=batch, noise=noise)
    losses = [_loss(parts, prediction=each) for each in predictions]
    total = torch.stack(losses).mean() if len(losses) > 1 else losses[0]
    if not total.requires_grad:
        refuse("the loss has no gradient", of=parts.experiment.loss)
    for regularizer, part in regularizers(parts):
        if part.penalty:
            with attributed_to(regularizer):
                total = total + contract_checks.summed(part.penalty(predictions), of=regularizer)
    return total


def regularizers(parts: Assembly) -> Iterator[tuple[Regularizer, Regularization]]:
    """Every regularizer with what it does."""
    return zip(parts.experiment.regularizers.values(), parts.regularizations, strict=True)


def _loss(parts: Assembly, *, prediction: Prediction) -> torch.Tensor:
    chosen = parts.experiment.loss
    with attributed_to(chosen):
        return contract_checks.summed(parts.loss(prediction.logits, prediction.targets), of=chosen)


def _predictions(parts: Assembly, *, batch: Batch, noise: Noise) -> list[Prediction]:
    """One prediction a pass; the first has the plain key."""
    passes = max([1, *(each.passes for each in parts.regularizations)])
    policy, found = parts.experiment.decoding_policy, []
    for number in range(passes):
        key = noise.of_pass(f"pass {number}") if number else noise
        with attributed_to(policy):
            one = parts.predict(parts.model, batch, update=noise.update, noise=key)
        found.append(contract_checks.predicted(one, batch=batch, setting=parts.setting, of=policy))
    return found


def first_not_finite(
    parts: Assembly, *, window: Sequence[Batch], noise: Noise
) -> tuple[str, Component | None]:
    """Whose answer was the first with a NaN or an infinity in it, in words."""
    for each in _answers(parts, window=window, noise=noise):
        if not torch.isfinite(each.value).all():
            return each.what, each.of
    return "a gradient", None


@torch.no_grad()
def _answers(parts: Assembly, *, window: Sequence[Batch], noise: Noise) -> Iterator[_Answer]:
    """All that an update was made of, once more: its keys give the same numbers."""
    optimizer, policy = parts.experiment.optimizer, parts.experiment.decoding_policy
    for parameter in parts.model.parameters():
        yield _Answer(f"weights after a step of {label(optimizer)}", optimizer, parameter)
    for micro_batch, batch in enumerate(window):
        key = replace(noise, micro_batch=micro_batch)
        with record_nonfinite(parts.model) as spoilers:
            predictions = _predictions(parts, batch=batch, noise=key)
        for each in predictions:
            for spoiler in spoilers:
                yield _Answer(f"what {label(spoiler.of)} does at a site", spoiler.of, each.logits)
            yield _Answer(
                f"the logits of {label(policy)}, from finite weights", policy, each.logits
            )
        for each in predictions:
            chosen = parts.experiment.loss
            answer = _loss(parts, prediction=each)
            yield _Answer(f"{label(chosen)}, from finite logits", chosen, answer)
        for regularizer, part in regularizers(parts):
            if part.penalty:
                answer = part.penalty(predictions)
                yield _Answer(f"the penalty of {label(regularizer)}", regularizer, answer)
