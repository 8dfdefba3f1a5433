"""Guards around what components build: every value is checked, every error names its component.

One function per slot, called once, where a run is assembled, so that training and evaluation call
parts as if they could not fail. A guard raises `ComponentError` for whatever the component raises,
and for a value that its slot does not allow; a `HarnessError` passes, since its message is for the
user already. Regularizers have guards of their own, in `regularizer_guards`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial, wraps
from typing import Any

import torch

from harness.components import (
    Architecture,
    Averaging,
    Component,
    Dataset,
    Decay,
    DecodingPolicy,
    Generation,
    Initializer,
    Loss,
    Optimizer,
    ParameterGroups,
    Schedule,
    Tokenizer,
)
from harness.contracts import (
    Averager,
    Batch,
    Codecs,
    Corpus,
    Generate,
    Initialize,
    LossFunction,
    Model,
    ParameterGroup,
    Predict,
    Prediction,
    Rate,
    Setting,
    Vocabularies,
)
from harness.model import SequenceModel
from harness.registry.attribution import attributed_to, got_instead, refuse
from harness.streams import Noise
from harness.training import contract_checks
from harness.training.guarded_codec import guarded


def naming_model(model: Architecture) -> AbstractContextManager[None]:
    """A context in which what is raised is a fault of a model."""
    return attributed_to(model)


def _build(component: Any, *, setting: Setting) -> Any:
    with attributed_to(component):
        return component.build(setting)


# --- data ---------------------------------------------------------------------------------------


def dataset(component: Dataset) -> Corpus:
    """The corpus, three splits that are not empty."""
    with attributed_to(component):
        return contract_checks.checked_corpus(component.build(), of=component)


def tokenizer(component: Tokenizer, *, corpus: Corpus) -> Codecs:
    """The codecs that a tokenizer learns from a corpus; each checks its tokens and its text."""
    with attributed_to(component):
        return _guarded_codecs(component.build(corpus), of=component)


def restored_tokenizer(component: Tokenizer, *, sides: Sequence[object]) -> Codecs:
    """The codecs that a tokenizer stored before, as `tokenizer` gives those that it learns."""
    with attributed_to(component):
        return _guarded_codecs(component.restored(sides), of=component)


def _guarded_codecs(built: Any, *, of: Tokenizer) -> Codecs:
    source, target = contract_checks.codecs(built, of=of)
    # One guard for both sides where they share a codec: `tie: all` recognizes that by identity.
    one = guarded(source, owner=of)
    return Codecs(one, one if target is source else guarded(target, owner=of))


# --- the model ----------------------------------------------------------------------------------


def architecture(component: Architecture, *, vocabularies: Vocabularies) -> SequenceModel:
    """A model whose every weight an initializer fills."""
    with attributed_to(component):
        built = component.build(vocabularies)
    return contract_checks.checked_model(built, of=component)


def initializer(component: Initializer, *, setting: Setting) -> Initialize:
    """A function that fills a parameter with finite numbers."""
    initialize = _build(component, setting=setting)

    def guarded(
        name: str, parameter: torch.Tensor, generator_of: Callable[[str], torch.Generator]
    ) -> None:
        with attributed_to(component):
            initialize(name, parameter, generator_of)
        contract_checks.initialized(parameter, name=name, of=component)

    return guarded


# --- the objective ------------------------------------------------------------------------------


def decoding_policy(component: DecodingPolicy, *, setting: Setting) -> Predict:
    """A function from a batch to the prediction of all its target tokens."""
    predict = _build(component, setting=setting)

    def guarded(model: Model, batch: Batch, *, update: int, noise: Noise | None) -> Prediction:
        with attributed_to(component):
            prediction = predict(model, batch, update=update, noise=noise)
        return contract_checks.predicted(prediction, batch=batch, setting=setting, of=component)

    return guarded


def check_decay_rates(component: Decay, *, setting: Setting) -> None:
    """Evaluate a decay at every update of the budget, before training.

    A policy builds its decays itself, so that there is nothing to wrap.
    """
    share = _build(component, setting=setting)
    with attributed_to(component):
        for update in range(1, setting.updates + 1):
            contract_checks.share(share(update), update=update, of=component)


def loss(component: Loss, *, setting: Setting) -> LossFunction:
    """A function to one summed number, which has a gradient where the logits have one."""
    function = _build(component, setting=setting)

    def guarded(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        with attributed_to(component):
            value = contract_checks.summed(function(logits, targets), of=component)
        # Logits have none if LayerDrop skips every layer that trains, such as those with adapters.
        if torch.is_grad_enabled() and logits.requires_grad and not value.requires_grad:
            refuse("the loss has no gradient", of=component)
        return value

    return guarded


# --- the step -----------------------------------------------------------------------------------


def parameter_groups(
    component: ParameterGroups, *, names: Sequence[str], setting: Setting
) -> Sequence[ParameterGroup]:
    """Groups that hold every name once; each checks its multiples."""
    split = _build(component, setting=setting)
    with attributed_to(component):
        groups = contract_checks.grouped(split(names), names=names, of=component)
    guard = partial(_rate, name="a multiple", owner=component)
    return [group._replace(multiple=guard(group.multiple)) for group in groups]


def schedule(component: Schedule, *, setting: Setting) -> Rate:
    """A function from an update to its rate, a finite number at least 0."""
    return _rate(_build(component, setting=setting), name="the rate", owner=component)


def _rate(rate: Rate, *, name: str, owner: Component) -> Rate:
    def guarded(update: int) -> float:
        with attributed_to(owner):
            value = rate(update)
        return contract_checks.rated(value, what=name, update=update, of=owner)

    return guarded


def optimizer(
    component: Optimizer, *, model: Model, groups: Sequence[ParameterGroup], setting: Setting
) -> torch.optim.Optimizer:
    """A torch optimizer of these groups; an error in its step is the component's."""
    parameters = dict(model.named_parameters())
    by_group = [
        # By torch's own key, for an optimizer that steps matrices otherwise than embeddings.
        {"params": [parameters[name] for name in group.names], "param_names": list(group.names)}
        for group in groups
    ]
    make = _build(component, setting=setting)
    with attributed_to(component):
        built = contract_checks.checked_optimizer(make(by_group), groups=groups, of=component)
    step = built.step

    @wraps(step)
    def guarded(*values: Any, **named: Any) -> Any:
        with attributed_to(component):
            return step(*values, **named)

    # Replaced on the instance, as torch's schedulers do: checkpoints need the optimizer itself.
    built.step = guarded  # type: ignore[method-assign]  # only this instance is guarded
    return built


# --- evaluation ---------------------------------------------------------------------------------


def averaging(component: Averaging, *, model: Model, setting: Setting) -> Averager:
    """An averager of weights for every parameter of the model."""
    built = _build(component, setting=setting)
    if not isinstance(built, Averager):
        refuse(f"must return an Averager, {got_instead(built, of=Averager)}", of=component)
    return _GuardedAverager(built, model, component)


@dataclass(frozen=True)
class _GuardedAverager:
    averager: Averager
    model: Model
    owner: Averaging

    def update(self, weights: Mapping[str, torch.Tensor], update: int) -> None:
        with attributed_to(self.owner):
            self.averager.update(weights, update)

    def weights(self) -> Mapping[str, torch.Tensor] | None:
        with attributed_to(self.owner):
            weights = self.averager.weights()
            if weights is None:
                return None
            parameters = self.model.named_parameters()
            return contract_checks.averaged(weights, parameters=parameters, of=self.owner)

    def state(self) -> Mapping[str, torch.Tensor]:
        with attributed_to(self.owner):
            return dict(self.averager.state())

    def restore(self, state: Mapping[str, torch.Tensor]) -> None:
        with attributed_to(self.owner):
            self.averager.restore(state)


def generation(component: Generation, *, setting: Setting) -> Generate:
    """A function from sources of one length to a list of tokens for each of them."""
    generate = _build(component, setting=setting)

    def guarded(model: Model, source: torch.Tensor, *, sentences: Sequence[int]) -> list[list[int]]:
        with attributed_to(component):
            tokens = generate(model, source, sentences=sentences)
        count, classes = len(sentences), setting.classes
        return contract_checks.translated(tokens, sentences=count, classes=classes, of=component)

    return guarded
