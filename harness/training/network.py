"""The model of a run as its regularizers leave it, with its parameter groups and its weights."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import torch

from harness.components import Architecture
from harness.contracts import (
    SPECIAL_TOKENS,
    Codecs,
    Model,
    ParameterGroup,
    Regularization,
    Setting,
    Vocabularies,
    no_trained_run,
)
from harness.errors import HarnessError
from harness.model import SequenceModel
from harness.model.autocast import run_in_bfloat16
from harness.study.experiment import Experiment
from harness.study.model_size import count_fault, size_fault
from harness.training import guards
from harness.training.rewriting import regularize


@dataclass(frozen=True, kw_only=True)
class Network:
    """A model as its regularizers left it, with its parameter groups, on the CPU.

    `shapes` are of the parameters that an initializer fills, not of those that regularizers add;
    `rewriters` has the regularizers that wrote some of these anew.
    """

    setting: Setting
    model: SequenceModel
    shapes: Mapping[str, tuple[int, ...]]
    rewriters: Mapping[str, tuple[str, ...]]
    regularizations: Sequence[Regularization]
    groups: Sequence[ParameterGroup]


class Initialization(Protocol):
    """Fills the weights of a model in place."""

    def __call__(self, model: SequenceModel, *, setting: Setting) -> None: ...


def build_model(
    architecture: Architecture, *, vocabularies: Vocabularies, precision: str = "float32"
) -> SequenceModel:
    """A model on the CPU, every weight 0 and every norm's weight 1; `HarnessError` if too large."""
    fault = size_fault(architecture, vocabularies=vocabularies)
    if architecture.parameter_count(vocabularies) is None:
        with torch.device("meta"):  # of which no tensor has memory
            shapes = guards.architecture(architecture, vocabularies=vocabularies)
        fault = count_fault(sum(weight.numel() for _, weight in shapes.named_parameters()))
    if fault:
        raise HarnessError(fault)
    model = guards.architecture(architecture, vocabularies=vocabularies)
    model = model.to(torch.float64 if precision == "float64" else torch.float32)
    return run_in_bfloat16(model) if precision == "bfloat16" else model


def build_network(
    experiment: Experiment,
    *,
    seed: int,
    vocabularies: Vocabularies,
    trained: Callable[[str], Model] = no_trained_run,
    initialize: Initialization | None = None,
) -> Network:
    """The model of an experiment, modified by its regularizers and split into groups.

    `initialize` fills the weights before any regularizer sees them; without it they stay 0.
    `trained` becomes ``Setting.trained``.
    """
    budget = experiment.budget
    setting = Setting(
        seed=seed,
        replicate=experiment.replicate,
        classes=vocabularies.target,
        d_model=experiment.model.d_model,
        updates=budget.updates,
        trained=trained,
    )
    model = build_model(experiment.model, vocabularies=vocabularies, precision=budget.precision)
    setting = replace(setting, branches=_branches(model))
    if initialize:
        initialize(model, setting=setting)
    # In this order: the shapes before regularizers add adapters, the groups afterward.
    filled = {name for name, _ in model.named_parameters()}
    regularized = regularize(model, experiment=experiment, setting=setting)
    return Network(
        setting=setting,
        model=model,
        shapes={
            name: tuple(weight.shape) for name, weight in model.named_parameters() if name in filled
        },
        rewriters=regularized.rewriters,
        regularizations=regularized.regularizations,
        groups=_groups(model, experiment=experiment, setting=setting),
    )


def _branches(model: Model) -> Mapping[str, int]:
    """The number of residual branches of each stack."""
    paths = (site.path for site in model.sites.values() if site.kind == "residual")
    return Counter(path.partition(".")[0] for path in paths)


def _groups(
    model: SequenceModel, *, experiment: Experiment, setting: Setting
) -> Sequence[ParameterGroup]:
    # A regularizer may have frozen some, as LoRA does; no optimizer should see those.
    names = [name for name, weight in model.named_parameters() if weight.requires_grad]
    if experiment.parameter_groups is None:
        return [ParameterGroup(names, lambda update: 1.0)]
    return guards.parameter_groups(experiment.parameter_groups, names=names, setting=setting)


def vocabularies_of(codecs: Codecs, *, model: Architecture) -> Vocabularies:
    """The classes of the source and of the target, for `build_network`.

    Raises `HarnessError` if a model would give one row of a shared matrix two meanings.
    """
    source, target = codecs
    if source.size != target.size:  # a model that needs one vocabulary refuses
        return Vocabularies(source.size, target.size)
    shared = all(_equal_ids(codecs))
    if model.needs_one_vocabulary and not shared:
        option = model.needs_one_vocabulary
        raise HarnessError(
            f"{option} needs one vocabulary for both sides, got {source.size} source and "
            f"{target.size} target classes, of which {sum(_equal_ids(codecs))} are the same; share "
            f"it (tokenizer option shared: true), or give {option.partition(':')[0]} another value"
        )
    return Vocabularies(source.size, target.size, shared)


def _equal_ids(codecs: Codecs) -> Iterator[bool]:
    """For each id, special ones included, True if both codecs of one size decode it alike."""
    source, target = codecs
    special = len(SPECIAL_TOKENS)
    for token in range(source.size):
        # Twice in a row too: only the second of two tokens shows if it is written without a space.
        yield (
            token < special
            or source is target
            or (
                source.decode([token]) == target.decode([token])
                and source.decode([token, token]) == target.decode([token, token])
            )
        )


def restore(
    experiment: Experiment, *, seed: int, weights: Mapping[str, torch.Tensor], codecs: Codecs
) -> SequenceModel:
    """The model of a trained run, frozen, on the CPU."""
    vocabularies = vocabularies_of(codecs, model=experiment.model)
    # With its regularizers, since sites and adapters are part of the model that was trained.
    model = build_network(experiment, seed=seed, vocabularies=vocabularies).model
    load_weights(model, weights=weights)
    return model.requires_grad_(requires_grad=False)


@torch.no_grad()
def load_weights(model: SequenceModel, *, weights: Mapping[str, torch.Tensor]) -> None:
    """Copy weights into a model by name; every parameter must be there."""
    for name, parameter in model.named_parameters():
        # In place: ties, groups and the optimizer refer to this very tensor.
        parameter.copy_(weights[name])


def tensor_digest(weight: torch.Tensor) -> str:
    """A digest of a parameter's bits; two runs that share an initial weight share its digest."""
    content = weight.detach().cpu().contiguous().view(torch.uint8).numpy().tobytes()
    return hashlib.sha256(content).hexdigest()[:16]
