"""Controls and shapes of a variant: predicted before it trains, and read from its finished runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from harness.comparability.controls import Controls, mean_controls
from harness.comparability.sharing import InitialState, Shapes
from harness.errors import HarnessError
from harness.runs.ledger import Ledger
from harness.study.experiment import Experiment
from harness.study.values import Study

if TYPE_CHECKING:
    from harness.training.task import Task

Tasks = dict[tuple[object, ...], "Task"]  # the data of variants that share it, made once


@dataclass(frozen=True, kw_only=True)
class Expected:
    """The controls of a variant, and the shapes of its initial parameters.

    `fault` is the reason why it cannot be built; the rest is empty then.
    """

    controls: Controls = field(default_factory=Controls)
    shapes: Shapes = field(default_factory=dict)
    fault: str | None = None


def expect(study: Study, *, names: Sequence[str], seed: int) -> dict[str, Expected]:
    """Build these variants as a run would, without weights and without training; loads torch."""
    tasks: Tasks = {}
    expected = {}
    for name in names:
        experiment = study.variants[name]
        start = study.pretraining.get(experiment.starts_from or "", experiment)
        try:
            task = _task(experiment, start=start, tasks=tasks)
            expected[name] = _predict(experiment, seed=seed, task=task)
        except HarnessError as error:
            expected[name] = Expected(fault=str(error))
        except Exception as error:  # noqa: BLE001 - of any kind; the run itself reports it in full
            expected[name] = Expected(fault=f"{type(error).__name__}: {error}")
    return expected


def summarize_runs(digests: Sequence[str], *, ledger: Ledger) -> Expected | None:
    """The mean of the finished runs of one variant; None if there are none."""
    runs = [run for digest in digests if (run := _finished(digest, ledger=ledger))]
    if not runs:
        return None
    return Expected(controls=mean_controls([run.controls for run in runs]), shapes=runs[0].shapes)


def initial_state(digest: str, *, ledger: Ledger) -> InitialState | None:
    """Digests of a run's initial weights and order; None before its training has ended."""
    outcome = ledger.outcome(digest)
    if outcome is None:
        return None
    weights, order, shapes = outcome.initial_weights, outcome.order, outcome.shapes
    if weights is None or order is None or shapes is None:
        return None
    return InitialState(weights=weights, order=order, shapes=shapes)


def _finished(digest: str, *, ledger: Ledger) -> Expected | None:
    outcome = ledger.outcome(digest)
    if outcome is None or outcome.status != "finished" or outcome.shapes is None:
        return None
    measured = ledger.measurements(digest)
    rates = [row.value for row in measured if row.metric == "learning_rate"]
    pace = outcome.seconds_per_update
    return Expected(
        controls=Controls(
            peak_rate=max(rates, default=None),
            rate_area=sum(rates),
            parameters=outcome.parameters,
            trained_parameters=outcome.trained_parameters,
            target_tokens=sum(row.value for row in measured if row.metric == "target_tokens"),
            updates=outcome.updates,
            seconds_per_update=pace,
            seconds=pace and outcome.updates and pace * outcome.updates,
        ),
        shapes=outcome.shapes,
    )


def _task(experiment: Experiment, *, start: Experiment, tasks: Tasks) -> Task:
    """The data of a variant, in the vocabulary of the experiment that it starts from."""
    from harness.training.task import prepare, vocabulary

    key = (experiment.dataset, start.dataset, experiment.tokenizer)
    if key not in tasks:
        codecs = None if start is experiment else vocabulary(start)
        tasks[key] = prepare(experiment, codecs=codecs)
    return tasks[key]


def _predict(experiment: Experiment, *, seed: int, task: Task) -> Expected:
    from harness.training.assembly import build_network, vocabulary_sizes
    from harness.training.guards import schedule
    from harness.training.parameter_counts import counts

    classes = vocabulary_sizes(experiment, codecs=task.codecs)
    network = build_network(experiment, seed=seed, classes=classes)
    updates = experiment.budget.updates
    rate = schedule(experiment.schedule, setting=network.setting)
    rates = [rate(update) for update in range(1, updates + 1)]
    parameters = dict(network.model.named_parameters())
    counted = counts(parameters, groups=network.groups, updates=updates)
    return Expected(
        controls=Controls(
            peak_rate=max(rates),
            rate_area=sum(rates),
            parameters=counted.parameters,
            trained_parameters=counted.trained_parameters,
            target_tokens=_target_tokens(experiment, seed=seed, task=task),
            updates=updates,
        ),
        shapes=network.shapes,
    )


def _target_tokens(experiment: Experiment, *, seed: int, task: Task) -> int:
    """The target tokens of all batches of the budget."""
    from harness.training.task import batch_order

    budget = experiment.budget
    order = batch_order(experiment, seed=seed, task=task)
    epoch_batches = len(order.epoch(0))
    epochs, rest = divmod(budget.updates * budget.accumulation, epoch_batches)
    # Whole epochs need no order: each holds every sentence once.
    whole = epochs * sum(target for target, _ in order.lengths)
    last = islice(order.batches(skip=epochs * epoch_batches), rest)
    return whole + sum(order.lengths[row][0] for batch in last for row in batch)
