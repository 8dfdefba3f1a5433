"""The training loop, once for every technique: a generator of what each update showed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import NamedTuple

import torch

from harness.assembly import Assembly
from harness.contracts import Batch, Measurement
from harness.errors import HarnessError
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
        raise Diverged(f"loss {loss:g}, gradient norm {gradient_norm:g} at update {update}")
    rate = _move(parts, noise=noise)
    return [
        Measurement(update, "train", "loss", loss),
        Measurement(update, "train", "gradient_norm", gradient_norm),
        Measurement(update, "train", "learning_rate", rate),
        Measurement(update, "train", "target_tokens", tokens),
    ]


def _objective(parts: Assembly, *, batch: Batch, noise: Noise) -> torch.Tensor:
    """The mean loss of the passes plus the penalties, summed over the batch's tokens."""
    passes = max([1, *(each.passes for each in parts.regularizations)])
    predictions = [
        parts.predict(
            parts.model,
            batch,
            update=noise.update,
            noise=noise.of_pass(f"pass {number}") if number else noise,
        )
        for number in range(passes)
    ]
    losses = [parts.loss(each.logits, each.targets) for each in predictions]
    for loss in losses:
        if loss.ndim:
            shape = tuple(loss.shape)
            name = parts.experiment.loss.name
            raise HarnessError(f"loss {name}: must return one summed number, got shape {shape}")
    objective = torch.stack(losses).mean() if passes > 1 else losses[0]
    for regularization in parts.regularizations:
        if regularization.penalty:
            objective = objective + regularization.penalty(predictions)
    return objective


def _move(parts: Assembly, *, noise: Noise) -> float:
    """Let regularizers and the optimizer use the gradients; returns the schedule's rate."""
    update = noise.update
    named = dict(parts.model.named_parameters())
    rate = parts.rate(update)
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
