"""Controls and shapes of a variant: predicted before it trains, and read from its finished runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

from harness.comparability.cautions import cautions
from harness.comparability.controls import Controls, mean_controls, measured_cost
from harness.comparability.mean_loss import refuse_mean
from harness.comparability.sharing import InitialState, Rewriters, Shapes
from harness.components import Component, Decay
from harness.errors import ComponentError, HarnessError
from harness.loading.model_folder import TENSORS, read_vocabulary, tensor_shapes
from harness.registry.serialization import leaves
from harness.runs.ledger import Ledger
from harness.study.experiment import Experiment
from harness.study.values import Study

if TYPE_CHECKING:
    from harness.training.network import Network
    from harness.training.task import Task

_START = ("starts_from",)
_NO_GPU = "budget.device is cuda, but torch finds no GPU on this machine; use cpu"


@dataclass(frozen=True)
class _Data:
    """The data of variants, made once where they share it, and what is kept in `results`."""

    results: Path | None
    tasks: dict[tuple[object, ...], Task] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Expected:
    """The controls of a variant, the shapes of its initial parameters, and who rewrote some.

    `altered` counts, in words, the references that tokens do not give back exactly; empty if all
    are given back. `cautions` are worded for the plan. `fault` is the reason why it cannot be
    built; the rest is empty then. `choice` is the path of what is at fault in its experiment, and
    None where that is a plugin's code.
    """

    controls: Controls = field(default_factory=Controls)
    shapes: Shapes = field(default_factory=dict)
    rewriters: Rewriters = field(default_factory=dict)
    altered: str = ""
    cautions: tuple[str, ...] = ()
    fault: str | None = None
    choice: tuple[str, ...] | None = None


class _Misfit(HarnessError):
    """A fault of what is at this path of an experiment."""

    def __init__(self, message: str, *, choice: tuple[str, ...]) -> None:
        super().__init__(message)
        self.choice = choice


def expect(
    study: Study, *, names: Sequence[str], seed: int, results: Path | None = None
) -> dict[str, Expected]:
    """Build these experiments as a run would, without weights or training; loads torch."""
    choices = {name: with_start(study, name=name) for name in names}
    here = study.executor.name == "local"
    return dict(build_dry(choices, seed=seed, trains_here=here, results=results))


def with_start(study: Study, *, name: str) -> tuple[Experiment, Experiment]:
    """An experiment, and the one that it starts from, or itself if there is none."""
    experiment = study.experiments[name]
    return experiment, study.pretraining.get(experiment.starts_from or "", experiment)


def build_dry(
    choices: Mapping[str, tuple[Experiment, Experiment]],
    *,
    seed: int,
    trains_here: bool,
    results: Path | None = None,
) -> Iterator[tuple[str, Expected]]:
    """Build experiments one by one, each given with its start; yields their names and facts.

    `results` is the folder that keeps tokenized corpora, if any does.
    """
    import torch

    data = _Data(results)
    for name, (experiment, start) in choices.items():
        if trains_here and experiment.budget.device == "cuda" and not torch.cuda.is_available():
            yield name, Expected(fault=_NO_GPU, choice=("budget", "device"))
        else:
            yield name, _expected(experiment, start=start, seed=seed, data=data)


def _expected(experiment: Experiment, *, start: Experiment, seed: int, data: _Data) -> Expected:
    try:
        with _placing(experiment, otherwise=("dataset",)):
            task = _task(experiment, start=start, data=data)
        return _predict(experiment, seed=seed, task=task)
    except _Misfit as error:
        return Expected(fault=str(error), choice=error.choice)
    except HarnessError as error:
        return Expected(fault=str(error))
    except Exception as error:  # noqa: BLE001 - of any kind; the run itself reports it in full
        return Expected(fault=f"{type(error).__name__}: {error}")


@contextmanager
def _placing(experiment: Experiment, *, otherwise: tuple[str, ...]) -> Iterator[None]:
    """Turn an error for the user into a misfit of the component that raised it, or of `otherwise`.

    An exception of a plugin's code passes: it may be due to the seed, and only its runs fail.
    """
    try:
        yield
    except _Misfit:  # placed already
        raise
    except HarnessError as error:
        if isinstance(error, ComponentError) and error.__cause__:
            raise
        choice = _path(error.component, experiment=experiment) or otherwise
        raise _Misfit(str(error), choice=choice) from error


def _path(component: object, *, experiment: Experiment) -> tuple[str, ...]:
    """The path of the choice that a component is, or is an option of; empty for any other."""
    if not isinstance(component, Component):
        return ()
    for name, regularizer in experiment.regularizers.items():
        if any(leaf is component for leaf in leaves(regularizer)):
            return ("regularizers", name)
    for choice in fields(experiment):
        if any(leaf is component for leaf in leaves(getattr(experiment, choice.name))):
            return (choice.name,)
    return ()


def summarize_runs(digests: Sequence[str], *, ledger: Ledger) -> Expected | None:
    """The mean of the finished runs of one variant; None if there are none."""
    runs = [run for digest in digests if (run := _finished(digest, ledger=ledger))]
    if not runs:
        return None
    return replace(runs[0], controls=mean_controls([run.controls for run in runs]))


def initial_state(digest: str, *, ledger: Ledger) -> InitialState | None:
    """Digests of a run's initial weights and order; None before its training has ended."""
    outcome = ledger.outcome(digest)
    if outcome is None:
        return None
    weights, order, shapes = outcome.initial_weights, outcome.order, outcome.shapes
    if weights is None or order is None or shapes is None:
        return None
    return InitialState(
        weights=weights, order=order, shapes=shapes, rewriters=outcome.rewriters or {}
    )


def _finished(digest: str, *, ledger: Ledger) -> Expected | None:
    outcome = ledger.outcome(digest)
    if outcome is None or outcome.status != "finished" or outcome.shapes is None:
        return None
    measured = ledger.measurements(digest)
    rates = [row.value for row in measured if row.metric == "learning_rate"]
    passes = [row.value for row in measured if row.metric == "decoder_passes"]
    return Expected(
        controls=Controls(
            peak_rate=max(rates, default=None),
            rate_area=sum(rates),
            parameters=outcome.parameters,
            trained_parameters=outcome.trained_parameters,
            target_tokens=sum(row.value for row in measured if row.metric == "target_tokens"),
            updates=outcome.updates,
            decoder_passes=sum(passes) / len(passes) if passes else None,
            **measured_cost(outcome),
        ),
        shapes=outcome.shapes,
        rewriters=outcome.rewriters or {},
    )


def _task(experiment: Experiment, *, start: Experiment, data: _Data) -> Task:
    """The data of a variant, in the vocabulary of the experiment that it starts from."""
    # Here, as it loads torch, which a study without anything to train does not need.
    from harness.runs.tokenized import Corpora
    from harness.training.guards import restored_tokenizer

    corpora = Corpora(data.results)
    folder = _folder(experiment)
    # The start's dataset too, as its vocabulary was learned there.
    key = (experiment.dataset, start.dataset, experiment.tokenizer, folder)
    if key not in data.tasks:
        codecs = None if start is experiment else corpora.vocabulary(start)
        if folder:
            with _placing(experiment, otherwise=_START):
                sides = read_vocabulary(folder)
                codecs = restored_tokenizer(experiment.tokenizer, sides=sides)
        data.tasks[key] = corpora.prepare(experiment, codecs=codecs)
    return data.tasks[key]


def _folder(experiment: Experiment) -> Path | None:
    """The folder of an exported model that an experiment starts from."""
    start = experiment.starts_from
    return Path(start) if start and start.is_folder else None


def _refuse_other_shapes(experiment: Experiment, *, shapes: Shapes) -> None:
    """Raise `HarnessError` unless the weights in the folder of its start fit an experiment."""
    if folder := _folder(experiment):
        stored = tensor_shapes(folder)
        # By name, as the first weight of a model tells a reader more than any later one.
        for name in sorted({*stored, *shapes}):
            ours, theirs = (_shape(name, of=of) for of in (shapes, stored))
            if ours != theirs:
                fault = f"{name} is {ours} in the model and {theirs} in {folder / TENSORS}"
                raise _Misfit(f"its start does not fit: {fault}", choice=_START)


def _shape(name: str, *, of: Shapes) -> str:
    return " x ".join(map(str, of[name])) if name in of else "not there"


def _predict(experiment: Experiment, *, seed: int, task: Task) -> Expected:
    from harness.comparability.target_tokens import target_tokens
    from harness.training.guards import schedule
    from harness.training.network import build_network, vocabularies_of
    from harness.training.parameter_counts import counts

    updates = experiment.budget.updates
    with _placing(experiment, otherwise=("model",)):
        vocabularies = vocabularies_of(task.codecs, model=experiment.model)
        network = build_network(experiment, seed=seed, vocabularies=vocabularies)
        _refuse_other_shapes(experiment, shapes=network.shapes)
        _build_rest(experiment, network=network)
        rate = schedule(experiment.schedule, setting=network.setting)
        rates = [rate(update) for update in range(1, updates + 1)]
        parameters = dict(network.model.named_parameters())
        counted = counts(parameters, groups=network.groups, updates=updates)
    with _placing(experiment, otherwise=("budget", "batch_tokens")):
        predicted_tokens = target_tokens(experiment, seed=seed, task=task)
    return Expected(
        controls=Controls(
            peak_rate=max(rates, default=0.0),  # none in a budget of 0 updates
            rate_area=sum(rates),
            parameters=counted.parameters,
            trained_parameters=counted.trained_parameters,
            target_tokens=predicted_tokens,
            updates=updates,
        ),
        shapes=network.shapes,
        rewriters=network.rewriters,
        altered=task.altered,
        cautions=(*cautions(experiment, network=network),),
    )


def _build_rest(experiment: Experiment, *, network: Network) -> None:
    """Build what a run builds beyond its network, for the faults alone."""
    from harness.training import guards

    # Whatever run an option names is a model of this vocabulary; the model at hand will do.
    setting = replace(network.setting, trained=lambda _: network.model)
    guards.initializer(experiment.initializer, setting=setting)
    guards.decoding_policy(experiment.decoding_policy, setting=setting)
    refuse_mean(guards.loss(experiment.loss, setting=setting), of=experiment.loss, setting=setting)
    guards.optimizer(
        experiment.optimizer, model=network.model, groups=network.groups, setting=setting
    )
    if experiment.averaging:
        guards.averaging(experiment.averaging, model=network.model, setting=setting)
    guards.generation(experiment.generation, setting=setting)
    for value in leaves(experiment):
        if isinstance(value, Decay):
            guards.check_decay_rates(value, setting=setting)
