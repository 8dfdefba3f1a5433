"""What is known of a variant before it trains, and what its runs then showed of the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

from harness import streams
from harness.comparability.controls import Controls, mean_controls
from harness.comparability.sharing import InitialState, Shapes
from harness.contracts import ParameterGroup, Setting
from harness.errors import HarnessError
from harness.runs.ledger import Ledger
from harness.study.experiment import Experiment
from harness.study.values import Study

if TYPE_CHECKING:
    from harness.training.assembly import Task
    from harness.training.parameter_counts import Counts

Tasks = dict[tuple[object, ...], "Task"]  # the data of some variants, so that it is made once


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What a variant comes to, and the shapes of the parameters that it begins with.

    `fault` says why it cannot be built, and nothing else is known then.
    """

    controls: Controls = field(default_factory=Controls)
    shapes: Shapes = field(default_factory=dict)
    fault: str | None = None


def expect(study: Study, *, names: Sequence[str], seed: int) -> dict[str, Expected]:
    """Build these variants as a run would, without drawing a weight or training; loads torch."""
    tasks: Tasks = {}
    found = {}
    for name in names:
        experiment = study.variants[name]
        begun = study.pretraining.get(experiment.starts_from or "", experiment)
        try:
            task = _task(experiment, begun=begun, tasks=tasks)
            found[name] = _foreseen(experiment, seed=seed, task=task)
        except HarnessError as error:
            found[name] = Expected(fault=str(error))
        except Exception as error:  # noqa: BLE001 - a plugin's: its run will tell all of it
            found[name] = Expected(fault=f"{type(error).__name__}: {error}")
    return found


def summarize_runs(digests: Sequence[str], *, ledger: Ledger) -> Expected | None:
    """The same from finished runs of one variant, as a mean; None if there are none."""
    runs = [each for digest in digests if (each := _of_run(digest, ledger=ledger))]
    if not runs:
        return None
    return Expected(controls=mean_controls([each.controls for each in runs]), shapes=runs[0].shapes)


def initial_state(digest: str, *, ledger: Ledger) -> InitialState | None:
    """What a run began with; None before its training has ended."""
    outcome = ledger.outcome(digest)
    if outcome is None:
        return None
    weights, order, shapes = outcome.initial_weights, outcome.order, outcome.shapes
    if weights is None or order is None or shapes is None:
        return None
    return InitialState(weights=weights, order=order, shapes=shapes)


def _of_run(digest: str, *, ledger: Ledger) -> Expected | None:
    outcome = ledger.outcome(digest)
    if outcome is None or outcome.status != "finished" or outcome.shapes is None:
        return None
    measured = ledger.measurements(digest)
    rates = [each.value for each in measured if each.metric == "learning_rate"]
    pace = outcome.seconds_per_update
    return Expected(
        controls=Controls(
            peak_rate=max(rates, default=None),
            rate_area=sum(rates),
            parameters=outcome.parameters,
            trained_parameters=outcome.trained_parameters,
            target_tokens=sum(each.value for each in measured if each.metric == "target_tokens"),
            updates=outcome.updates,
            seconds_per_update=pace,
            seconds=pace and outcome.updates and pace * outcome.updates,
        ),
        shapes=outcome.shapes,
    )


def _task(experiment: Experiment, *, begun: Experiment, tasks: Tasks) -> Task:
    """The data of a variant, in the vocabulary of what it begins from."""
    from harness.training.assembly import prepare, vocabulary

    key = (experiment.dataset, begun.dataset, experiment.tokenizer)
    if key not in tasks:
        codecs = None if begun is experiment else vocabulary(begun)
        tasks[key] = prepare(experiment, codecs=codecs)
    return tasks[key]


def _foreseen(experiment: Experiment, *, seed: int, task: Task) -> Expected:
    setting = Setting(
        seed=seed,
        replicate=experiment.replicate,
        classes=task.codecs.target.size,
        d_model=experiment.model.d_model,
        updates=experiment.budget.updates,
    )
    began, all_of_it = _counted(experiment, setting=setting, task=task)
    rate = experiment.schedule.build(setting)
    rates = [rate(update) for update in range(1, setting.updates + 1)]
    return Expected(
        controls=Controls(
            peak_rate=max(rates),
            rate_area=sum(rates),
            parameters=all_of_it.parameters,
            trained_parameters=all_of_it.trained_parameters,
            target_tokens=_tokens(experiment, seed=seed, task=task),
            updates=setting.updates,
        ),
        shapes=began.shapes,
    )


def _counted(experiment: Experiment, *, setting: Setting, task: Task) -> tuple[Counts, Counts]:
    """The model's parameters as it begins, and with all that regularizers add to it."""
    from harness.model import Transformer
    from harness.training.parameter_counts import counts

    model = Transformer(
        experiment.model,
        source_classes=task.codecs.source.size,
        target_classes=task.codecs.target.size,
    )
    began = counts(dict(model.named_parameters()), groups=[], updates=setting.updates)
    for each in experiment.regularizers.values():
        if modify := each.build(setting).modify_model:
            modify(model, generator=partial(streams.generator, setting.seed, "init"))
    named = dict(model.named_parameters())
    learning = [name for name, each in named.items() if each.requires_grad]
    groups: Sequence[ParameterGroup] = [ParameterGroup(learning, lambda update: 1.0)]
    if experiment.parameter_groups:
        groups = experiment.parameter_groups.build(setting)(learning)
    return began, counts(named, groups=groups, updates=setting.updates)


def _tokens(experiment: Experiment, *, seed: int, task: Task) -> int:
    """The target tokens of all batches of the budget."""
    from harness.training.batches import Order

    budget = experiment.budget
    lengths = task.train.lengths()
    order = Order(
        lengths=lengths,
        batch_tokens=budget.batch_tokens,
        seed=seed,
        replicate=experiment.replicate,
    )
    epochs, rest = divmod(budget.updates * budget.accumulation, len(order.epoch(0)))
    whole = epochs * sum(target for target, _ in lengths)
    partly = islice(order.batches(skip=epochs * len(order.epoch(0))), rest)
    return whole + sum(lengths[row][0] for batch in partly for row in batch)
