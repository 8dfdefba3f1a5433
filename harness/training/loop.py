"""The training loop: a generator of updates, the same for every technique."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import NamedTuple, Protocol, runtime_checkable

import torch
from jaxtyping import Float

from harness.contracts import Batch, Measurement
from harness.streams import Noise
from harness.training.assembly import Assembly
from harness.training.diagnosis import diverged_evaluation, diverged_update
from harness.training.evaluation import measure
from harness.training.gradient_norms import PREFIX, gradient_norms
from harness.training.objective import objective


class Update(NamedTuple):
    """One update and its measurements."""

    number: int
    measurements: Sequence[Measurement]


class Accumulated(NamedTuple):
    """The losses of a window's micro-batches, in their order, and the places decoded for them."""

    losses: list[torch.Tensor]  # each divided by the target tokens of the whole window
    decoded: int


@runtime_checkable
class Accumulate(Protocol):
    """Leaves the sum of a window's gradients in the model, added in the order of micro-batches."""

    def __call__(
        self, parts: Assembly, *, window: Sequence[Batch], noise: Noise
    ) -> Accumulated: ...


def accumulate(parts: Assembly, *, window: Sequence[Batch], noise: Noise) -> Accumulated:
    """Accumulate the gradients of all micro-batches in this process."""
    decoded, tokens = parts.model.decoded, sum(batch.tokens for batch in window)
    losses = [
        backpropagate(parts, batch=batch, noise=replace(noise, micro_batch=number), tokens=tokens)
        for number, batch in enumerate(window)
    ]
    return Accumulated(losses, parts.model.decoded - decoded)


def backpropagate(
    parts: Assembly, *, batch: Batch, noise: Noise, tokens: int
) -> Float[torch.Tensor, ""]:
    """Add the gradients of one micro-batch to those in the model; returns its loss.

    Both are divided by `tokens`, the target tokens of the whole window, so that accumulation equals
    one large batch.
    """
    loss_per_token = objective(parts, batch=batch, noise=noise) / tokens
    if loss_per_token.requires_grad:  # not if every layer that trains was skipped
        loss_per_token.backward()
    return loss_per_token.detach()  # or the graphs of all would stay


def train(
    parts: Assembly, *, after: int = 0, accumulate: Accumulate = accumulate
) -> Iterator[Update]:
    """Train from update `after` + 1 to the end of the budget, yielding every update.

    Raises `Diverged` at the first loss, gradient norm or validation nll that is not finite; where
    it is a loss or a norm, the weights are those before the update.
    """
    budget = parts.experiment.budget
    if after == 0:
        yield Update(0, measure(parts, split="validation", update=0))
    # The order is a function of the seed: to resume, it is enough to count the batches used.
    windows = _windows(parts, skip=after * budget.accumulation)
    # Not strict: the windows never end.
    for update, window in zip(range(after + 1, budget.updates + 1), windows, strict=False):
        measurements = _step(parts, window=window, update=update, accumulate=accumulate)
        if update % budget.evaluate_every == 0 or update == budget.updates:
            scores = measure(parts, split="validation", update=update)
            # A score that is not finite is left out of what is measured.
            if not any(score.metric == "nll" for score in scores):
                raise diverged_evaluation(parts, update=update)
            measurements += scores
        yield Update(update, measurements)


def _windows(parts: Assembly, *, skip: int) -> Iterator[list[Batch]]:
    """The batches of one update after another."""
    budget = parts.experiment.budget
    batches = parts.order.batches(skip=skip)
    while True:
        window = list(islice(batches, budget.accumulation))
        yield [parts.task.train.batch(rows, device=budget.device) for rows in window]


def _step(
    parts: Assembly, *, window: Sequence[Batch], update: int, accumulate: Accumulate = accumulate
) -> list[Measurement]:
    """One update of the weights; returns its loss, gradient norm, rate, tokens and passes."""
    noise = parts.noise(update)
    # To None and not to 0: a gradient of 0 would let momentum and decay move a frozen weight.
    parts.optimizer.zero_grad(set_to_none=True)
    losses, decoded = accumulate(parts, window=window, noise=noise)
    # In places, so that a decoding token by token counts as the one pass that it amounts to.
    passes = decoded / sum(batch.target_input.numel() for batch in window)
    gradients = [weight.grad for weight in parts.model.parameters() if weight.grad is not None]
    # Before any regularizer clips: what is measured, and must be finite, is the objective's own.
    norm = torch.nn.utils.get_total_norm(gradients) if gradients else losses[0].new_zeros(())
    # Both in one transfer: each waits for the device.
    loss, gradient_norm = torch.stack([torch.stack(losses).sum(), norm]).tolist()
    if not (math.isfinite(loss) and math.isfinite(gradient_norm)):
        raise diverged_update(
            parts, window=window, noise=noise, loss=loss, gradient_norm=gradient_norm
        )
    # Before regularizers change the gradients, as the norm of all is.
    by_layer = gradient_norms(parts.model) if _measures_layers(parts, update=update) else {}
    rate = _apply_gradients(parts, noise=noise)
    return [
        Measurement(update, "train", "loss", loss),
        Measurement(update, "train", "gradient_norm", gradient_norm),
        Measurement(update, "train", "learning_rate", rate),
        Measurement(update, "train", "target_tokens", sum(batch.tokens for batch in window)),
        Measurement(update, "train", "decoder_passes", passes),
        *(Measurement(update, "train", f"{PREFIX}{name}", of) for name, of in by_layer.items()),
    ]


def _measures_layers(parts: Assembly, *, update: int) -> bool:
    """True at the first update, whose gradients are those of the initial weights, and as scored."""
    budget = parts.experiment.budget
    due = update == 1 or update % budget.evaluate_every == 0 or update == budget.updates
    return budget.gradient_norms and due


def _apply_gradients(parts: Assembly, *, noise: Noise) -> float:
    """Let the regularizers, the optimizer and the averaging act; returns the schedule's rate."""
    update, rate = noise.update, parts.rate(noise.update)
    weights = dict(parts.model.named_parameters())
    for group, torch_group in zip(parts.groups, parts.optimizer.param_groups, strict=True):
        multiple = group.multiple(update)
        torch_group["lr"] = rate * multiple
        if multiple == 0:  # frozen: a missing gradient moves no moment and decays no weight
            for name in group.names:
                weights[name].grad = None
    trained = {name: weight for name, weight in weights.items() if weight.grad is not None}
    for part in parts.regularizations:
        if part.modify_gradients and trained:
            part.modify_gradients(trained, update=update, generator=noise.generator)
    # At the schedule's rate, whatever a group's is, and before the step: decoupled decay shrinks
    # the weights that the gradients were taken at.
    with torch.no_grad():
        for part in parts.regularizations:
            if part.modify_weights and trained:
                part.modify_weights(trained, update=update, learning_rate=rate)
    parts.optimizer.step()
    if parts.averager:
        parts.averager.update({name: weight.detach() for name, weight in weights.items()}, update)
    return rate
