"""The target tokens that a variant trains on, counted before it trains."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from harness.errors import HarnessError
from harness.study.experiment import Experiment
from harness.training.batches import Order
from harness.training.task import Task, batch_order
from harness.training.token_rows import Numbers

MOST_WEIGHTS = 1_000_000_000  # of attention in a layer: 4 GB


def target_tokens(experiment: Experiment, *, seed: int, task: Task) -> int:
    """The target tokens of all batches of the budget; raises `HarnessError` for one too large."""
    budget = experiment.budget
    order = batch_order(experiment, seed=seed, task=task)
    epoch = order.epoch(0)
    _refuse_oversized(epoch, order=order, experiment=experiment)
    epochs, rest = divmod(budget.updates * budget.accumulation, len(epoch))
    # Whole epochs need no order: each holds every sentence once.
    whole = epochs * int(order.lengths[:, 0].sum())
    last = islice(order.epoch(epochs), rest) if rest else ()
    return whole + sum(int(order.lengths[batch, 0].sum()) for batch in last)


def _refuse_oversized(batches: Sequence[Numbers], *, order: Order, experiment: Experiment) -> None:
    """Raise `HarnessError` for a batch that one long source pads to more than fits in memory."""
    for batch in batches:
        target, longest = map(int, order.lengths[batch].max(axis=0))
        weights = experiment.model.attention_weights(source=longest, target=target)
        if len(batch) * weights > MOST_WEIGHTS:
            raise HarnessError(
                f"a batch of {len(batch)} sources is padded to its longest, of {longest} tokens, "
                f"and has over {MOST_WEIGHTS:.0e} attention weights in a layer; remove that source"
                " or lower batch_tokens"
            )
