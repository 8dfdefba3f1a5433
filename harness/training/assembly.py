"""From choices to live parts: the only mutable thing of a run, and it never leaves the worker."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch

from harness import streams
from harness.components import Decay
from harness.contracts import (
    Averager,
    Codecs,
    Corpus,
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
from harness.registry.attribution import attributed_to, refuse
from harness.registry.serialization import leaves
from harness.study.experiment import Experiment
from harness.training import contract_checks
from harness.training.batches import EncodedPairs, Order, encode
from harness.training.site_checks import watch

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
    """The codecs that an experiment learns from its own corpus."""
    return _codecs(experiment, corpus=_corpus(experiment))


def _corpus(experiment: Experiment) -> Corpus:
    dataset = experiment.dataset
    with attributed_to(dataset):
        return contract_checks.corpus(dataset.build(), of=dataset)


def _codecs(experiment: Experiment, *, corpus: Corpus) -> Codecs:
    tokenizer = experiment.tokenizer
    with attributed_to(tokenizer):
        return contract_checks.codecs(tokenizer.build(corpus), of=tokenizer)


def prepare(experiment: Experiment, *, codecs: Codecs | None = None) -> Task:
    """Build the corpus and, unless `codecs` are given, the vocabulary; encode every split."""
    corpus, tokenizer = _corpus(experiment), experiment.tokenizer
    codecs = codecs or _codecs(experiment, corpus=corpus)
    with attributed_to(tokenizer):
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
    loss: LossFunction
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
    with attributed_to(component):
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
            with attributed_to(decay):
                for update in range(1, setting.updates + 1):
                    contract_checks.share(rate(update), update=update, of=decay)


def _regularizations(
    experiment: Experiment, *, setting: Setting, model: Transformer
) -> list[Regularization]:
    """What every regularizer does, its part in the model done."""
    found = []
    for each in experiment.regularizers.values():
        built = contract_checks.kind(_built(each, setting=setting), wanted=Regularization, of=each)
        if built.modify_model:
            with attributed_to(each):
                generator = partial(streams.generator, setting.seed, "init")
                built.modify_model(model, generator=generator)
            watch(model, of=each)
        found.append(built)
    return found


def restore(
    experiment: Experiment, *, seed: int, codecs: Codecs, weights: Mapping[str, torch.Tensor]
) -> Transformer:
    """The model of a run that is trained, frozen, on the CPU."""
    model = _model(experiment, codecs=codecs)
    setting = _setting(experiment, seed=seed, codecs=codecs, trained=no_trained_run)
    _regularizations(experiment, setting=setting, model=model)
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


def _initialize(model: Transformer, *, experiment: Experiment, setting: Setting) -> None:
    initializer = experiment.initializer
    initialize = _built(initializer, setting=setting)
    with torch.no_grad(), attributed_to(initializer):
        for name, parameter in model.named_parameters():
            initialize(name, parameter, partial(streams.generator, setting.seed, "init"))
            contract_checks.initialized(parameter, name=name, of=initializer)


def _load_start(model: Transformer, *, weights: Mapping[str, torch.Tensor]) -> None:
    """Begin with another run's weights; raises `HarnessError` unless the names are the same."""
    names = {name for name, _ in model.named_parameters()}
    odd = sorted(names ^ weights.keys())
    if odd:
        which = "the start has no" if odd[0] in names else "only the start has"
        raise HarnessError(f"cannot start from another model: {which} {odd[0]}")
    load_weights(model, weights=weights)


def _groups(
    experiment: Experiment, *, setting: Setting, model: Transformer
) -> Sequence[ParameterGroup]:
    names = [name for name, parameter in model.named_parameters() if parameter.requires_grad]
    split = experiment.parameter_groups
    if split is None:
        return [ParameterGroup(names, lambda update: 1.0)]
    with attributed_to(split):
        return contract_checks.grouped(split.build(setting)(names), names=names, of=split)


def _optimizer(
    experiment: Experiment,
    *,
    setting: Setting,
    model: Transformer,
    groups: Sequence[ParameterGroup],
) -> torch.optim.Optimizer:
    parameters = dict(model.named_parameters())
    chosen = experiment.optimizer
    with attributed_to(chosen):
        given = [{"params": [parameters[name] for name in group.names]} for group in groups]
        return contract_checks.optimizer(chosen.build(setting)(given), groups=groups, of=chosen)
