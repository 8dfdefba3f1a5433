"""The training loop, once for every technique: a generator of what each update showed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import NamedTuple

import torch

from harness.answers import first_not_finite, predicted, rated, summed
from harness.assembly import Assembly
from harness.contracts import Batch, Measurement, Prediction
from harness.evaluation import measure
from harness.streams import Noise


class Update(NamedTuple):
    """One update and what was measured at it."""

    number: int
    measurements: Sequence[Measurement]


class Diverged(Exception):
    """A loss or gradient that is not finite; the weights are those before the update."""


def train(parts: Assembly, *, after: int = 0) -> Iterator[Update]:
    """Spend the budget from the update after `after`, yielding every update.

    Raises `Diverged` at the first loss or gradient norm that is not finite.
    """
    budget = parts.experiment.budget
    if after == 0:
        yield Update(0, measure(parts, split="validation", update=0))
    windows = _windows(parts, skip=after * budget.accumulation)
    for update, window in zip(range(after + 1, budget.updates + 1), windows, strict=False):
        measurements = _step(parts, window=window, update=update)
        if update % budget.evaluate_every == 0 or update == budget.updates:
            measured = measure(parts, split="validation", update=update)
            if not any(each.metric == "nll" for each in measured):
                raise Diverged(f"validation nll is not finite after update {update}")
            measurements += measured
        yield Update(update, measurements)


def _windows(parts: Assembly, *, skip: int) -> Iterator[list[Batch]]:
    """The batches of one update after another."""
    budget = parts.experiment.budget
    rows = parts.order.batches(skip=skip)
    while True:
        window = list(islice(rows, budget.accumulation))
        yield [parts.task.train.batch(each, device=budget.device) for each in window]


def _step(parts: Assembly, *, window: Sequence[Batch], update: int) -> list[Measurement]:
    """One update of the weights; says what its loss, gradient and rate were."""
    parts.optimizer.zero_grad(set_to_none=True)
    tokens = sum(batch.tokens for batch in window)
    noise = Noise(
        seed=parts.setting.seed,
        replicate=parts.setting.replicate,
        update=update,
        device=parts.experiment.budget.device,
    )
    losses = []
    for micro_batch, batch in enumerate(window):
        key = replace(noise, micro_batch=micro_batch)
        objective = _objective(parts, batch=batch, noise=key) / tokens
        objective.backward()
        losses.append(objective.detach())
    norm = torch.nn.utils.get_total_norm(
        [each.grad for each in parts.model.parameters() if each.grad is not None]
    )
    loss, gradient_norm = torch.stack([torch.stack(losses).sum(), norm]).tolist()
    if not (math.isfinite(loss) and math.isfinite(gradient_norm)):
        whose = first_not_finite(_answers(parts, window=window, noise=noise))
        raise Diverged(
            f"loss {loss:g}, gradient norm {gradient_norm:g} at update {update}; "
            f"the first that is not finite: {whose}"
        )
    rate = _move(parts, noise=noise)
    return [
        Measurement(update, "train", "loss", loss),
        Measurement(update, "train", "gradient_norm", gradient_norm),
        Measurement(update, "train", "learning_rate", rate),
        Measurement(update, "train", "target_tokens", tokens),
    ]


def _objective(parts: Assembly, *, batch: Batch, noise: Noise) -> torch.Tensor:
    """The mean loss of the passes plus the penalties, summed over the batch's tokens."""
    predictions = _predictions(parts, batch=batch, noise=noise)
    losses = [
        summed(parts.loss(each.logits, each.targets), of=f"loss {parts.experiment.loss.name}")
        for each in predictions
    ]
    objective = torch.stack(losses).mean() if len(losses) > 1 else losses[0]
    for name, regularization in zip(
        parts.experiment.regularizers, parts.regularizations, strict=True
    ):
        if regularization.penalty:
            penalty = regularization.penalty(predictions)
            objective = objective + summed(penalty, of=f"regularizer {name}")
    return objective


def _predictions(parts: Assembly, *, batch: Batch, noise: Noise) -> list[Prediction]:
    """One prediction a pass; the first has the plain key."""
    passes = max([1, *(each.passes for each in parts.regularizations)])
    found = (
        parts.predict(
            parts.model,
            batch,
            update=noise.update,
            noise=noise.of_pass(f"pass {number}") if number else noise,
        )
        for number in range(passes)
    )
    owner = f"decoding policy {parts.experiment.decoding_policy.name}"
    return [predicted(each, batch=batch, of=owner) for each in found]


@torch.no_grad()
def _answers(
    parts: Assembly, *, window: Sequence[Batch], noise: Noise
) -> Iterator[tuple[str, torch.Tensor]]:
    """All that an update was made of, once more: its keys give the same numbers."""
    for micro_batch, batch in enumerate(window):
        predictions = _predictions(
            parts, batch=batch, noise=replace(noise, micro_batch=micro_batch)
        )
        for each in predictions:
            yield "the model's logits", each.logits
        for each in predictions:
            answer = parts.loss(each.logits, each.targets)
            yield f"loss {parts.experiment.loss.name}, from finite logits", answer
        for name, part in zip(parts.experiment.regularizers, parts.regularizations, strict=True):
            if part.penalty:
                yield f"the penalty of regularizer {name}", part.penalty(predictions)


def _move(parts: Assembly, *, noise: Noise) -> float:
    """Let regularizers and the optimizer use the gradients; returns the schedule's rate."""
    update = noise.update
    named = dict(parts.model.named_parameters())
    owner = f"schedule {parts.experiment.schedule.name}"
    rate = rated(parts.rate(update), update=update, of=owner)
    for group, torch_group in zip(parts.groups, parts.optimizer.param_groups, strict=True):
        multiple = group.multiple(update)
        torch_group["lr"] = rate * multiple
        if multiple == 0:  # frozen: a missing gradient moves no moment and decays no weight
            for name in group.names:
                named[name].grad = None
    trained = [each for each in named.values() if each.grad is not None]
    generator = noise.generator("gradients")
    for regularization in parts.regularizations:
        if regularization.modify_gradients:
            regularization.modify_gradients(trained, update=update, generator=generator)
    with torch.no_grad():
        for regularization in parts.regularizations:
            if regularization.modify_weights:
                regularization.modify_weights(trained, update=update, learning_rate=rate)
    parts.optimizer.step()
    if parts.averager:
        parts.averager.update({name: each.detach() for name, each in named.items()}, update)
    return rate
