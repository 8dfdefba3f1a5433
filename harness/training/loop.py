"""The training loop, once for every technique: a generator of what each update showed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import NamedTuple

import torch

from harness.components import Component, Regularizer
from harness.contracts import Batch, Measurement, ParameterGroup
from harness.registry.attribution import attributed_to, label
from harness.streams import Noise
from harness.training import contract_checks
from harness.training.assembly import Assembly
from harness.training.evaluation import measure, nonfinite_average
from harness.training.objective import first_not_finite, objective, regularizers


class Update(NamedTuple):
    """One update and what was measured at it."""

    number: int
    measurements: Sequence[Measurement]


class Diverged(Exception):
    """A loss or gradient that is not finite; the weights are those before the update.

    `component` is whose answer was the first that is not finite, if it was a component's.
    """

    def __init__(self, reason: str, *, component: Component | None = None) -> None:
        super().__init__(reason)
        self.component = component


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
                whose = nonfinite_average(parts)
                by = f": the weights that {label(whose)} gives are not" if whose else ""
                fault = f"validation nll is not finite after update {update}{by}"
                raise Diverged(fault, component=whose)
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
        loss_per_token = objective(parts, batch=batch, noise=key) / tokens
        loss_per_token.backward()
        losses.append(loss_per_token.detach())
    norm = torch.nn.utils.get_total_norm(
        [each.grad for each in parts.model.parameters() if each.grad is not None]
    )
    loss, gradient_norm = torch.stack([torch.stack(losses).sum(), norm]).tolist()
    if not (math.isfinite(loss) and math.isfinite(gradient_norm)):
        what, component = first_not_finite(parts, window=window, noise=noise)
        fault = f"loss {loss:g}, gradient norm {gradient_norm:g} at update {update}; "
        raise Diverged(f"{fault}the first that is not finite: {what}", component=component)
    rate = _move(parts, noise=noise)
    return [
        Measurement(update, "train", "loss", loss),
        Measurement(update, "train", "gradient_norm", gradient_norm),
        Measurement(update, "train", "learning_rate", rate),
        Measurement(update, "train", "target_tokens", tokens),
    ]


def _move(parts: Assembly, *, noise: Noise) -> float:
    """Let regularizers and the optimizer use the gradients; returns the schedule's rate."""
    update = noise.update
    weights = dict(parts.model.named_parameters())
    schedule = parts.experiment.schedule
    with attributed_to(schedule):
        rate = contract_checks.rated(
            parts.rate(update), what="the rate", update=update, of=schedule
        )
    for group, torch_group in zip(parts.groups, parts.optimizer.param_groups, strict=True):
        multiple = _multiple(parts, group=group, update=update)
        torch_group["lr"] = rate * multiple
        if multiple == 0:  # frozen: a missing gradient moves no moment and decays no weight
            for name in group.names:
                weights[name].grad = None
    trained = [each for each in weights.values() if each.grad is not None]
    _modify(parts, trained=trained, noise=noise, rate=rate)
    with attributed_to(parts.experiment.optimizer):
        parts.optimizer.step()
    if parts.averager and parts.experiment.averaging:
        with attributed_to(parts.experiment.averaging):
            parts.averager.update({name: each.detach() for name, each in weights.items()}, update)
    return rate


def _multiple(parts: Assembly, *, group: ParameterGroup, update: int) -> float:
    split = parts.experiment.parameter_groups
    if split is None:
        return group.multiple(update)
    with attributed_to(split):
        multiple = group.multiple(update)
        return contract_checks.rated(multiple, what="a multiple", update=update, of=split)


def _modify(
    parts: Assembly, *, trained: Sequence[torch.nn.Parameter], noise: Noise, rate: float
) -> None:
    """Let regularizers change gradients, then weights; raises `Diverged` for one that spoils them.

    What it is given is finite: the norm of the gradients was looked at.
    """
    generator, update = noise.generator("gradients"), noise.update
    for regularizer, part in regularizers(parts):
        if part.modify_gradients:
            with attributed_to(regularizer):
                part.modify_gradients(trained, update=update, generator=generator)
            gradients = [each.grad for each in trained if each.grad is not None]
            _check_finite(gradients, what="the gradients", of=regularizer, update=update)
    with torch.no_grad():
        for regularizer, part in regularizers(parts):
            if part.modify_weights:
                with attributed_to(regularizer):
                    part.modify_weights(trained, update=update, learning_rate=rate)
                _check_finite(trained, what="the weights", of=regularizer, update=update)


def _check_finite(
    values: Sequence[torch.Tensor], *, what: str, of: Regularizer, update: int
) -> None:
    if values and not torch.isfinite(torch.nn.utils.get_total_norm(values)):
        fault = f"{what} are not finite after {label(of)} changed them at update {update}"
        raise Diverged(fault, component=of)
