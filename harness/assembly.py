"""From choices to live parts: the only mutable thing of a run, and it never leaves the worker."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch

from harness import answers, streams
from harness.batching import EncodedPairs, Order, encode
from harness.blaming import answering, refuse
from harness.components import Decay
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
from harness.effects import watch
from harness.model import Transformer
from harness.resolving import leaves
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
    dataset, tokenizer = experiment.dataset, experiment.tokenizer
    with answering(dataset):
        corpus = answers.corpus(dataset.build(), of=dataset)
    with answering(tokenizer):
        codecs = answers.codecs(tokenizer.build(corpus), of=tokenizer)
        return Task(
            corpus=corpus,
            codecs=codecs,
            train=encode(corpus.train, codecs=codecs, of=tokenizer),
            validation=encode(corpus.validation, codecs=codecs, of=tokenizer),
            test=encode(corpus.test, codecs=codecs, of=tokenizer),
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
    regularizations = _regularizations(experiment, setting=setting, model=model)
    model.to(budget.device)
    _check_decays(experiment, setting=setting)
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
        predict=_built(experiment.decoding_policy, setting=setting),
        loss=_built(experiment.loss, setting=setting),
        regularizations=regularizations,
        groups=groups,
        optimizer=_optimizer(experiment, setting=setting, model=model, groups=groups),
        rate=_built(experiment.schedule, setting=setting),
        averager=_averager(experiment, setting=setting),
    )


def _built(component: Any, *, setting: Setting) -> Any:
    """What a component builds; what it raises is its own fault."""
    with answering(component):
        return component.build(setting)


def _averager(experiment: Experiment, *, setting: Setting) -> Averager | None:
    averaging = experiment.averaging
    if averaging is None:
        return None
    built = _built(averaging, setting=setting)
    if not isinstance(built, Averager):
        refuse(f"must return an Averager, got {type(built).__name__}", of=averaging)
    return built


def _check_decays(experiment: Experiment, *, setting: Setting) -> None:
    """Ask every decay for the whole budget, wherever a choice has one in it."""
    for decay in leaves(experiment):
        if isinstance(decay, Decay):
            rate = _built(decay, setting=setting)
            with answering(decay):
                for update in range(1, setting.updates + 1):
                    answers.share(rate(update), update=update, of=decay)


def _regularizations(
    experiment: Experiment, *, setting: Setting, model: Transformer
) -> list[Regularization]:
    """What every regularizer does, its part in the model done."""
    found = []
    for each in experiment.regularizers.values():
        built = answers.kind(_built(each, setting=setting), wanted=Regularization, of=each)
        if built.modify_model:
            with answering(each):
                generator = partial(streams.generator, setting.seed, "init")
                built.modify_model(model, generator=generator)
            watch(model, of=each)
        found.append(built)
    return found


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
    initializer = experiment.initializer
    initialize = _built(initializer, setting=setting)
    with torch.no_grad(), answering(initializer):
        for name, parameter in model.named_parameters():
            initialize(name, parameter, partial(streams.generator, setting.seed, "init"))
            answers.initialized(parameter, name=name, of=initializer)
    return model


def _groups(
    experiment: Experiment, *, setting: Setting, model: Transformer
) -> Sequence[ParameterGroup]:
    names = [name for name, parameter in model.named_parameters() if parameter.requires_grad]
    split = experiment.parameter_groups
    if split is None:
        return [ParameterGroup(names, lambda update: 1.0)]
    with answering(split):
        return answers.grouped(split.build(setting)(names), names=names, of=split)


def _optimizer(
    experiment: Experiment,
    *,
    setting: Setting,
    model: Transformer,
    groups: Sequence[ParameterGroup],
) -> torch.optim.Optimizer:
    parameters = dict(model.named_parameters())
    chosen = experiment.optimizer
    with answering(chosen):
        given = [{"params": [parameters[name] for name in group.names]} for group in groups]
        return answers.optimizer(chosen.build(setting)(given), groups=groups, of=chosen)
