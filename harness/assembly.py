"""From choices to live parts: the only mutable thing of a run, and it never leaves the worker."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import torch

from harness import streams
from harness.batching import EncodedPairs, Order, encode
from harness.contracts import (
    Averager,
    Codecs,
    Corpus,
    Loss,
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
from harness.study import Experiment

_PRECISIONS = {"float32": torch.float32, "float64": torch.float64}


@dataclass(frozen=True, kw_only=True)
class Task:
    """The data of a run, in words and in token numbers."""

    corpus: Corpus
    codecs: Codecs
    train: EncodedPairs
    validation: EncodedPairs
    test: EncodedPairs


@dataclass(frozen=True, kw_only=True)
class Start:
    """What a run begins from: the vocabulary and the final weights of another one."""

    codecs: Codecs
    weights: Mapping[str, torch.Tensor]


def vocabulary(experiment: Experiment) -> Codecs:
    """The codecs that an experiment which starts from no other learns from its corpus."""
    return experiment.tokenizer.build(experiment.dataset.build())


def prepare(experiment: Experiment, *, codecs: Codecs | None = None) -> Task:
    """Build the corpus and, unless `codecs` are given, the vocabulary; encode every split."""
    corpus = experiment.dataset.build()
    codecs = codecs or experiment.tokenizer.build(corpus)
    return Task(
        corpus=corpus,
        codecs=codecs,
        train=encode(corpus.train, codecs=codecs),
        validation=encode(corpus.validation, codecs=codecs),
        test=encode(corpus.test, codecs=codecs),
    )


@dataclass(kw_only=True)
class Assembly:
    """Everything that training needs, built and initialised."""

    experiment: Experiment
    setting: Setting
    task: Task
    order: Order
    model: Transformer
    initial_weights: Mapping[str, str]  # digests, before any regularizer touched the model
    predict: Predict
    loss: Loss
    regularizations: Sequence[Regularization]
    groups: Sequence[ParameterGroup]
    optimizer: torch.optim.Optimizer
    rate: Rate
    averager: Averager | None


def assemble(
    experiment: Experiment,
    *,
    seed: int,
    start: Start | None = None,
    trained: Callable[[str], Model] = no_trained_run,
) -> Assembly:
    """Build, initialise by name, load the start, digest, modify, group, optimize, average.

    `trained` becomes ``Setting.trained``.
    """
    budget = experiment.budget
    task = prepare(experiment, codecs=start.codecs if start else None)
    setting = _setting(experiment, seed=seed, codecs=task.codecs, trained=trained)
    model = _model(experiment, codecs=task.codecs)
    _initialize(model, experiment=experiment, setting=setting)
    if start:
        _load_start(model, weights=start.weights)
    initial_weights = {name: digest(weight) for name, weight in model.named_parameters()}
    regularizations = _modified(model, experiment=experiment, setting=setting)
    model.to(budget.device)
    groups = _groups(experiment, setting=setting, model=model)
    return Assembly(
        experiment=experiment,
        setting=setting,
        task=task,
        order=Order(
            lengths=task.train.lengths(),
            batch_tokens=budget.batch_tokens,
            seed=seed,
            replicate=experiment.replicate,
        ),
        model=model,
        initial_weights=initial_weights,
        predict=experiment.decoding_policy.build(setting),
        loss=experiment.loss.build(setting),
        regularizations=regularizations,
        groups=groups,
        optimizer=_optimizer(experiment, setting=setting, model=model, groups=groups),
        rate=experiment.schedule.build(setting),
        averager=experiment.averaging.build(setting) if experiment.averaging else None,
    )


def restore(
    experiment: Experiment, *, seed: int, codecs: Codecs, weights: Mapping[str, torch.Tensor]
) -> Transformer:
    """The model of a run that is trained, frozen, on the CPU."""
    model = _model(experiment, codecs=codecs)
    setting = _setting(experiment, seed=seed, codecs=codecs, trained=no_trained_run)
    _modified(model, experiment=experiment, setting=setting)
    load_weights(model, weights=weights)
    return model.requires_grad_(requires_grad=False)


@torch.no_grad()
def load_weights(model: Transformer, *, weights: Mapping[str, torch.Tensor]) -> None:
    """Copy weights into a model by name; every parameter must be there."""
    for name, parameter in model.named_parameters():
        parameter.copy_(weights[name])


def digest(weight: torch.Tensor) -> str:
    """What two runs compare to know that a parameter began with the same bits."""
    content = weight.detach().cpu().contiguous().view(torch.uint8).numpy().tobytes()
    return hashlib.sha256(content).hexdigest()[:16]


def _setting(
    experiment: Experiment, *, seed: int, codecs: Codecs, trained: Callable[[str], Model]
) -> Setting:
    return Setting(
        seed=seed,
        replicate=experiment.replicate,
        classes=codecs.target.size,
        d_model=experiment.model.d_model,
        updates=experiment.budget.updates,
        trained=trained,
    )


def _model(experiment: Experiment, *, codecs: Codecs) -> Transformer:
    model = Transformer(
        experiment.model,
        source_classes=codecs.source.size,
        target_classes=codecs.target.size,
    )
    return model.to(_PRECISIONS[experiment.budget.precision])


@torch.no_grad()
def _initialize(model: Transformer, *, experiment: Experiment, setting: Setting) -> None:
    initialize = experiment.initializer.build(setting)
    for name, parameter in model.named_parameters():
        initialize(name, parameter, partial(streams.generator, setting.seed, "init"))


def _load_start(model: Transformer, *, weights: Mapping[str, torch.Tensor]) -> None:
    """Begin with another run's weights; raises `HarnessError` unless the names are the same."""
    names = {name for name, _ in model.named_parameters()}
    odd = sorted(names ^ weights.keys())
    if odd:
        which = "the start has no" if odd[0] in names else "only the start has"
        raise HarnessError(f"cannot start from another model: {which} {odd[0]}")
    load_weights(model, weights=weights)


def _modified(
    model: Transformer, *, experiment: Experiment, setting: Setting
) -> Sequence[Regularization]:
    """The experiment's regularizers, which have filled the model's sites and added adapters."""
    regularizations = [each.build(setting) for each in experiment.regularizers.values()]
    generator = partial(streams.generator, setting.seed, "init")
    for regularization in regularizations:
        if regularization.modify_model:
            regularization.modify_model(model, generator=generator)
    return regularizations


def _groups(
    experiment: Experiment, *, setting: Setting, model: Transformer
) -> Sequence[ParameterGroup]:
    names = [name for name, parameter in model.named_parameters() if parameter.requires_grad]
    if experiment.parameter_groups is None:
        return [ParameterGroup(names, lambda update: 1.0)]
    groups = experiment.parameter_groups.build(setting)(names)
    named = [name for group in groups for name in group.names]
    if sorted(named) != sorted(names):
        raise HarnessError(
            f"parameter_groups {experiment.parameter_groups.name}: "
            "every trained parameter must stand in exactly one group"
        )
    return groups


def _optimizer(
    experiment: Experiment,
    *,
    setting: Setting,
    model: Transformer,
    groups: Sequence[ParameterGroup],
) -> torch.optim.Optimizer:
    parameters = dict(model.named_parameters())
    make: Callable[..., torch.optim.Optimizer] = experiment.optimizer.build(setting)
    return make([{"params": [parameters[name] for name in group.names]} for group in groups])
