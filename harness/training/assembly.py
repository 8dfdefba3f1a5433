"""The assembly of a run: an experiment's choices as live parts, which never leave the worker."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import torch

from harness import streams
from harness.components import Decay
from harness.contracts import (
    SPECIAL_TOKENS,
    Averager,
    Codecs,
    LossFunction,
    Model,
    ParameterGroup,
    Predict,
    Rate,
    Regularization,
    Setting,
    no_trained_run,
)
from harness.errors import HarnessError
from harness.model import Transformer
from harness.registry.serialization import leaves
from harness.streams import Noise
from harness.study.experiment import Experiment, ModelOptions
from harness.study.model_size import size_fault
from harness.training import guards, regularizer_guards
from harness.training.batches import Order
from harness.training.task import Task, batch_order, prepare

_PRECISIONS = {"float32": torch.float32, "float64": torch.float64}


# --- the model ----------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Network:
    """A model as its regularizers left it, with its parameter groups, on the CPU."""

    setting: Setting
    model: Transformer
    shapes: Mapping[str, tuple[int, ...]]  # by name, before any regularizer touched the model
    regularizations: Sequence[Regularization]
    groups: Sequence[ParameterGroup]


class Initialization(Protocol):
    """Fills the weights of a model in place."""

    def __call__(self, model: Transformer, *, setting: Setting) -> None: ...


def build_model(
    options: ModelOptions, *, source_classes: int, target_classes: int, precision: str = "float32"
) -> Transformer:
    """A model on the CPU, every weight 0 and every norm's weight 1; `HarnessError` if too large."""
    fault = size_fault(options, source_classes=source_classes, target_classes=target_classes)
    if fault:
        raise HarnessError(fault)
    model = Transformer(options, source_classes=source_classes, target_classes=target_classes)
    return model.to(_PRECISIONS[precision])


def build_network(
    experiment: Experiment,
    *,
    seed: int,
    classes: tuple[int, int],
    trained: Callable[[str], Model] = no_trained_run,
    initialize: Initialization | None = None,
) -> Network:
    """The model of an experiment, modified by its regularizers and split into groups.

    `classes` counts the source's and the target's vocabulary. `initialize` fills the weights before
    any regularizer sees them; without it they stay 0. `trained` becomes ``Setting.trained``.
    """
    source_classes, target_classes = classes
    budget = experiment.budget
    setting = Setting(
        seed=seed,
        replicate=experiment.replicate,
        classes=target_classes,
        d_model=experiment.model.d_model,
        updates=budget.updates,
        trained=trained,
    )
    model = build_model(
        experiment.model,
        source_classes=source_classes,
        target_classes=target_classes,
        precision=budget.precision,
    )
    if initialize:
        initialize(model, setting=setting)
    return Network(
        setting=setting,
        model=model,
        shapes={name: tuple(weight.shape) for name, weight in model.named_parameters()},
        regularizations=_regularize(model, experiment=experiment, setting=setting),
        groups=_groups(model, experiment=experiment, setting=setting),
    )


def _regularize(
    model: Transformer, *, experiment: Experiment, setting: Setting
) -> list[Regularization]:
    """Let every regularizer modify the model; returns what they do in training."""
    regularizations = []
    for component in experiment.regularizers.values():
        part = regularizer_guards.regularizer(component, setting=setting)
        if part.modify_model:
            part.modify_model(model, generator=partial(streams.generator, setting.seed, "init"))
        regularizations.append(part)
    return regularizations


def _groups(
    model: Transformer, *, experiment: Experiment, setting: Setting
) -> Sequence[ParameterGroup]:
    names = [name for name, weight in model.named_parameters() if weight.requires_grad]
    if experiment.parameter_groups is None:
        return [ParameterGroup(names, lambda update: 1.0)]
    return guards.parameter_groups(experiment.parameter_groups, names=names, setting=setting)


def vocabulary_sizes(experiment: Experiment, *, codecs: Codecs) -> tuple[int, int]:
    """The classes of the source and of the target, for `build_network`.

    Raises `HarnessError` if ``tie: all`` would give one row of the shared matrix two meanings.
    """
    source, target = codecs
    if experiment.model.tie == "all" and source.size == target.size:
        same = _equal_ids(codecs)
        if same < source.size:
            raise HarnessError(
                f"tie: all needs one vocabulary for both sides, got {source.size} source and "
                f"{target.size} target classes, of which {same} are the same; "
                "share the vocabulary (tokenizer option shared: true), or use tie: target or none"
            )
    return source.size, target.size


def _equal_ids(codecs: Codecs) -> int:
    """The number of ids, special ones included, that both codecs of one size decode alike."""
    source, target = codecs
    if source is target:
        return source.size
    special = len(SPECIAL_TOKENS)
    # Twice in a row too: only the second of two tokens shows if it is written without a space.
    return special + sum(
        source.decode([token]) == target.decode([token])
        and source.decode([token, token]) == target.decode([token, token])
        for token in range(special, source.size)
    )


def restore(
    experiment: Experiment, *, seed: int, codecs: Codecs, weights: Mapping[str, torch.Tensor]
) -> Transformer:
    """The model of a trained run, frozen, on the CPU."""
    classes = vocabulary_sizes(experiment, codecs=codecs)
    model = build_network(experiment, seed=seed, classes=classes).model
    load_weights(model, weights=weights)
    return model.requires_grad_(requires_grad=False)


@torch.no_grad()
def load_weights(model: Transformer, *, weights: Mapping[str, torch.Tensor]) -> None:
    """Copy weights into a model by name; every parameter must be there."""
    for name, parameter in model.named_parameters():
        parameter.copy_(weights[name])


def tensor_digest(weight: torch.Tensor) -> str:
    """A digest of a parameter's bits; two runs that share an initial weight share its digest."""
    content = weight.detach().cpu().contiguous().view(torch.uint8).numpy().tobytes()
    return hashlib.sha256(content).hexdigest()[:16]


# --- the run ------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Start:
    """The vocabulary and the final weights of the run that another one starts from."""

    codecs: Codecs
    weights: Mapping[str, torch.Tensor]


@dataclass(kw_only=True)
class Assembly:
    """Everything that training needs, built, guarded and initialized."""

    experiment: Experiment
    setting: Setting
    task: Task
    order: Order
    model: Transformer
    initial_weights: Mapping[str, str]  # digests, before any regularizer touched the model
    predict: Predict
    loss: LossFunction
    regularizations: Sequence[Regularization]
    groups: Sequence[ParameterGroup]
    optimizer: torch.optim.Optimizer
    rate: Rate
    averager: Averager | None

    def noise(self, update: int) -> Noise:
        """The noise of an update, before a micro-batch or a pass is chosen."""
        return Noise(
            seed=self.setting.seed,
            replicate=self.setting.replicate,
            update=update,
            device=self.experiment.budget.device,
        )


def assemble(
    experiment: Experiment,
    *,
    seed: int,
    start: Start | None = None,
    trained: Callable[[str], Model] = no_trained_run,
) -> Assembly:
    """Build, initialize by name, load the start, digest, modify, group, optimize, average.

    `trained` becomes ``Setting.trained``.
    """
    task = prepare(experiment, codecs=start.codecs if start else None)
    initial_weights: dict[str, str] = {}

    def initialize(model: Transformer, *, setting: Setting) -> None:
        _initialize(model, experiment=experiment, setting=setting)
        if start:
            _load_start(model, weights=start.weights)
        initial_weights.update(
            {name: tensor_digest(weight) for name, weight in model.named_parameters()}
        )

    classes = vocabulary_sizes(experiment, codecs=task.codecs)
    network = build_network(
        experiment, seed=seed, classes=classes, trained=trained, initialize=initialize
    )
    setting, groups = network.setting, network.groups
    # The optimizer comes after the move: its state lies where the weights lie.
    model = network.model.to(experiment.budget.device)
    _check_decays(experiment, setting=setting)
    averaging = experiment.averaging
    return Assembly(
        experiment=experiment,
        setting=setting,
        task=task,
        order=batch_order(experiment, seed=seed, task=task),
        model=model,
        initial_weights=initial_weights,
        predict=guards.decoding_policy(experiment.decoding_policy, setting=setting),
        loss=guards.loss(experiment.loss, setting=setting),
        regularizations=network.regularizations,
        groups=groups,
        optimizer=guards.optimizer(
            experiment.optimizer, model=model, groups=groups, setting=setting
        ),
        rate=guards.schedule(experiment.schedule, setting=setting),
        averager=guards.averaging(averaging, model=model, setting=setting) if averaging else None,
    )


def _initialize(model: Transformer, *, experiment: Experiment, setting: Setting) -> None:
    initialize = guards.initializer(experiment.initializer, setting=setting)
    generator_of = partial(streams.generator, setting.seed, "init")
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            initialize(name, parameter, generator_of)


def _load_start(model: Transformer, *, weights: Mapping[str, torch.Tensor]) -> None:
    """Load another run's weights; raises `HarnessError` unless the names are the same."""
    names = {name for name, _ in model.named_parameters()}
    unmatched = sorted(names ^ weights.keys())
    if unmatched:
        fault = "the start has no" if unmatched[0] in names else "only the start has"
        raise HarnessError(f"cannot start from another model: {fault} {unmatched[0]}")
    load_weights(model, weights=weights)


def _check_decays(experiment: Experiment, *, setting: Setting) -> None:
    """Check every decay over the whole budget, in whichever component it is an option."""
    for value in leaves(experiment):
        if isinstance(value, Decay):
            guards.check_decay_rates(value, setting=setting)
