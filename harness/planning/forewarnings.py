"""Choices that are valid one by one and cannot do together what they are there for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any

from harness.components import Component, Metric
from harness.components.transformer_options import TransformerOptions
from harness.contracts import Setting
from harness.errors import Fault, HarnessError
from harness.loading import study_error, written_study
from harness.loading.validation_errors import DataFault, DataPath
from harness.loading.yaml_nodes import plain_data
from harness.planning.places import place_of_choice
from harness.registry.serialization import leaves
from harness.study.experiment import Experiment
from harness.study.values import BASELINE, Study

_USUAL_FACTOR = 4  # of d_ff over d_model (Vaswani et al. 2017)
_LARGE_FACTOR = 8  # from here on, a default d_ff dwarfs the model that it is in

# The choices that a warning is about, the first that a variant changes being its place.
_Warned = tuple[tuple[DataPath, ...], str]


def forewarnings(study: Study, *, averaging: bool = False) -> tuple[Fault, ...]:
    """A warning for each, with its place and the way out, in the order of the file.

    With `averaging`, also of averages that are not what is meant: a dry build tells them anyway.
    """
    written = plain_data(written_study(study.path))
    faults = [*_of_decision(study, written=written)]
    seen: set[tuple[DataPath, str]] = set()
    for name, experiment in study.experiments.items():
        warned = [*_of_budget(experiment), *_of_width(experiment, written=written)]
        warned += [*_of_averaging(experiment)] if averaging else []
        for choices, message in warned:
            path = _place(study, name=name, choices=choices)
            # Variants inherit the baseline's choices, and with them its warnings.
            if (path, message) not in seen:
                seen.add((path, message))
                faults.append(DataFault(path, f"{name}: {message}"))
    if not faults:
        return ()
    placed = study_error(study.path, faults=faults).faults
    return tuple(fault._replace(severity="warning") for fault in placed)


def _place(study: Study, *, name: str, choices: tuple[DataPath, ...]) -> DataPath:
    """The place of the first of these choices that is not the baseline's, or of the first."""
    places = [place_of_choice(study, name=name, choice=choice) for choice in choices]
    return next((place for place in places if place[0] != BASELINE), places[0])


def _of_decision(study: Study, *, written: Mapping[str, Any]) -> Iterator[DataFault]:
    """Metrics of text beside verdicts on a metric that nobody chose."""
    compare, primary = written.get("compare") or {}, study.compare.primary
    names = [metric.name for metric in study.metrics if isinstance(metric, Metric)]
    if names and "primary" not in compare:
        yield DataFault(
            ("metrics",),
            f"verdicts are on {primary}, the default, and {', '.join(names)} only shown beside it;"
            f" name the metric that decides: compare: {{primary: {names[0]}}}, or {primary}",
        )


def _of_budget(experiment: Experiment) -> Iterator[_Warned]:
    """Warmups and evaluations that the budget is too short for, and processes without work."""
    budget = experiment.budget
    if not budget.updates:  # an untrained model is scored
        return
    updates = ("budget", "updates")
    if budget.evaluate_every > budget.updates:
        message = (
            f"evaluate_every {budget.evaluate_every} is beyond the last update, {budget.updates}:"
            " curves have their first and last point alone; lower it"
        )
        yield (("budget", "evaluate_every"), updates), message
    ranks, over = budget.parallel.data, budget.accumulation % budget.parallel.data
    if over:
        message = (
            f"parallel: {{data: {ranks}}} does not divide accumulation {budget.accumulation}:"
            f" {ranks - over} of {ranks} processes wait at the end of every update, which costs"
            " time and no result"
        )
        yield (("budget", "parallel"), ("budget", "accumulation")), message
    for path, component in _components(experiment):
        warmup = getattr(component, "warmup", None)
        if isinstance(warmup, int) and warmup > budget.updates:
            message = (
                f"the warmup of {component.name}, {warmup} updates, outlasts the budget of"
                f" {budget.updates}: the rate never reaches its peak; lower it, or raise updates"
            )
            yield (path, updates), message


def _components(experiment: Experiment) -> Iterator[tuple[DataPath, Component]]:
    """Every component of an experiment, with the path of the choice that it belongs to."""
    for choice in fields(experiment):
        for leaf in leaves(getattr(experiment, choice.name)):
            if isinstance(leaf, Component):
                yield (choice.name,), leaf


def _of_width(experiment: Experiment, *, written: Mapping[str, Any]) -> Iterator[_Warned]:
    """A feed-forward width that nobody chose, beside a small model."""
    model, default = experiment.model, TransformerOptions.d_ff
    if not isinstance(model, TransformerOptions):
        return
    dwarfed = model.d_ff == default >= _LARGE_FACTOR * model.d_model
    if dwarfed and not _names("d_ff", data=written):
        message = (
            f"d_ff is not set: its default, {default}, is {default / model.d_model:.3g} times"
            f" d_model; the usual is {_USUAL_FACTOR} times: d_ff: {_USUAL_FACTOR * model.d_model}"
        )
        yield (("model",),), message


def _names(option: str, *, data: object) -> bool:
    """True if any key in the data names an option, in a path of dots too."""
    if isinstance(data, Mapping):
        keys = (str(key).rpartition(".")[2] for key in data)
        return option in keys or any(_names(option, data=value) for value in data.values())
    return isinstance(data, list) and any(_names(option, data=value) for value in data)


def _of_averaging(experiment: Experiment) -> Iterator[_Warned]:
    """Averages that never begin, or that keep the beginning."""
    average, updates = experiment.averaging, experiment.budget.updates
    if average is None or not updates:
        return
    places = (("averaging",), ("budget", "updates"))
    if caution := average.caution(updates=updates):
        yield places, f"averaging {caution}"
    setting = Setting(seed=1, classes=8, d_model=experiment.model.d_model, updates=updates)
    try:
        average.build(setting)
    except HarnessError as error:
        yield places, str(error)
    except Exception:  # noqa: BLE001 - a plugin's, which the dry build reports
        return
