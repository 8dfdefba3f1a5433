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
    ParameterGroup,
    Predict,
    Rate,
    Regularization,
    Setting,
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


def prepare(experiment: Experiment) -> Task:
    """Build the corpus and the vocabulary, and encode every split."""
    corpus = experiment.dataset.build()
    codecs = experiment.tokenizer.build(corpus)
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


def assemble(experiment: Experiment, *, seed: int) -> Assembly:
    """Build, initialise by name, digest, modify the model, group, optimize, average."""
    budget = experiment.budget
    task = prepare(experiment)
    setting = Setting(
        seed=seed,
        replicate=experiment.replicate,
        classes=task.codecs.target.size,
        d_model=experiment.model.d_model,
        updates=budget.updates,
    )
    model = _initialized_model(experiment, task=task, setting=setting)
    initial_weights = {name: digest(weight) for name, weight in model.named_parameters()}
    regularizations = [each.build(setting) for each in experiment.regularizers.values()]
    for regularization in regularizations:
        if regularization.modify_model:
            regularization.modify_model(model, generator=partial(streams.generator, seed, "init"))
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


@torch.no_grad()
def load_weights(model: Transformer, *, weights: Mapping[str, torch.Tensor]) -> None:
    """Copy weights into a model by name; every parameter must be there."""
    for name, parameter in model.named_parameters():
        parameter.copy_(weights[name])


def digest(weight: torch.Tensor) -> str:
    """What two runs compare to know that a parameter began with the same bits."""
    content = weight.detach().cpu().contiguous().view(torch.uint8).numpy().tobytes()
    return hashlib.sha256(content).hexdigest()[:16]


def _initialized_model(experiment: Experiment, *, task: Task, setting: Setting) -> Transformer:
    model = Transformer(
        experiment.model,
        source_classes=task.codecs.source.size,
        target_classes=task.codecs.target.size,
    )
    model.to(_PRECISIONS[experiment.budget.precision])
    initialize = experiment.initializer.build(setting)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            initialize(name, parameter, partial(streams.generator, setting.seed, "init"))
    return model


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
