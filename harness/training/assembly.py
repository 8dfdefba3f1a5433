"""The assembly of a run: an experiment's choices as live parts, which never leave the worker."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import torch

from harness import streams
from harness.components import Decay
from harness.contracts import (
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
from harness.model import SequenceModel
from harness.registry.serialization import leaves
from harness.streams import Noise
from harness.study.experiment import Experiment
from harness.training import guards
from harness.training.batches import Order
from harness.training.network import (
    build_network,
    load_weights,
    tensor_digest,
    vocabularies_of,
)
from harness.training.task import Task, batch_order, prepare


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
    model: SequenceModel
    initial_weights: Mapping[str, str]  # digests, without what regularizers added
    rewriters: Mapping[str, tuple[str, ...]]
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
    task: Task | None = None,
    start: Start | None = None,
    trained: Callable[[str], Model] = no_trained_run,
) -> Assembly:
    """Build, initialize by name, load the start, modify, digest, group, optimize, average.

    `trained` becomes ``Setting.trained``. `task` is the data if that is at hand.
    """
    # The start's vocabulary, by whose ids its embeddings are ordered.
    task = task or prepare(experiment, codecs=start.codecs if start else None)

    def initialize(model: SequenceModel, *, setting: Setting) -> None:
        _initialize(model, experiment=experiment, setting=setting)
        if start:
            _load_start(model, weights=start.weights)

    vocabularies = vocabularies_of(task.codecs, model=experiment.model)
    network = build_network(
        experiment, seed=seed, vocabularies=vocabularies, trained=trained, initialize=initialize
    )
    setting, groups = network.setting, network.groups
    drawn = dict(network.model.named_parameters())
    initial_weights = {name: tensor_digest(drawn[name]) for name in network.shapes}
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
        rewriters=network.rewriters,
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


def _initialize(model: SequenceModel, *, experiment: Experiment, setting: Setting) -> None:
    initialize = guards.initializer(experiment.initializer, setting=setting)
    generator_of = partial(streams.generator, setting.seed, "init")
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            initialize(name, parameter, generator_of)


def _load_start(model: SequenceModel, *, weights: Mapping[str, torch.Tensor]) -> None:
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
