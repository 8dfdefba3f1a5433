"""Changes of a model before its training, and the initial weights that each of them rewrites."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import NamedTuple

import torch

from harness import streams
from harness.contracts import Regularization, Setting
from harness.model import SequenceModel
from harness.study.experiment import Experiment
from harness.training import regularizer_guards


class Regularized(NamedTuple):
    """Every regularizer's part in training, and by parameter those that rewrote it."""

    regularizations: list[Regularization]
    rewriters: Mapping[str, tuple[str, ...]]


class _Version(NamedTuple):
    """A parameter at one time, with torch's count of the writes to it in place."""

    writes: int
    weight: torch.Tensor


def regularize(model: SequenceModel, *, experiment: Experiment, setting: Setting) -> Regularized:
    """Let every regularizer modify the model, and note which weights it wrote."""
    regularizations: list[Regularization] = []
    rewriters: dict[str, tuple[str, ...]] = {}
    for regularizer, component in experiment.regularizers.items():
        part = regularizer_guards.regularizer(component, setting=setting)
        if part.modify_model:
            before = _versions(model)
            part.modify_model(model, generator=partial(streams.generator, setting.seed, "init"))
            for name in _rewritten(model, before=before):
                rewriters[name] = (*rewriters.get(name, ()), regularizer)
        regularizations.append(part)
    return Regularized(regularizations, rewriters)


def _versions(model: SequenceModel) -> dict[str, _Version]:
    return {
        name: _Version(_writes(parameter), parameter.detach().clone())
        for name, parameter in model.named_parameters()
    }


def _writes(parameter: torch.Tensor) -> int:
    count: int = parameter._version  # noqa: SLF001 - described in torch's notes on autograd
    return count


def _rewritten(model: SequenceModel, *, before: Mapping[str, _Version]) -> list[str]:
    """The parameters that were there before and have been written since."""
    # Neither sign is enough: a plan's model is all zeros, where writing a 0 changes nothing, and a
    # write through `.data` is not counted.
    return [
        name
        for name, parameter in model.named_parameters()
        if name in before
        if _writes(parameter) != before[name].writes
        or not torch.equal(parameter, before[name].weight)
    ]
