"""Forward passes in bfloat16 of a model whose weights stay in float32."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor

from harness.contracts import Memory
from harness.model.sequence_model import SequenceModel

_PASSES = ("encode", "embed", "decode", "project", "step", "feed")


def run_in_bfloat16(model: SequenceModel) -> SequenceModel:
    """Run the passes of a model under torch's autocast, in place; returns the model.

    Its weights stay in float32, and so do their gradients. What a pass returns is in float32
    again: losses, softmaxes and scores are computed outside of the model.
    """
    for name in _PASSES:
        # On the model and not around it: regularizers, draft models and checkpoints want a module.
        if hasattr(model, name):  # not every model can feed runs
            setattr(model, name, partial(_in_bfloat16, getattr(model, name)))
    return model


def _in_bfloat16(run: Callable[..., Any], *given: Any, **options: Any) -> Any:
    device = next(
        value.device for value in (*given, *options.values()) if isinstance(value, Tensor)
    )
    # One context a pass: autocast keeps the weights that it has cast until its context ends, and
    # none may outlive an update.
    with torch.autocast(device.type, dtype=torch.bfloat16):
        result = run(*given, **options)
    if isinstance(result, Memory):
        return result._replace(states=result.states.float())
    return result.float()
