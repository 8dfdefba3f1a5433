"""Optimizers."""

from __future__ import annotations

from collections.abc import Sequence

from harness.components import Optimizer
from harness.hookspecs import hookimpl
from harness_optimizers.adagrad import Adagrad
from harness_optimizers.adam import Adam
from harness_optimizers.adamw import AdamW
from harness_optimizers.lion import Lion
from harness_optimizers.muon import Muon
from harness_optimizers.rmsprop import RMSprop
from harness_optimizers.schedule_free_adamw import ScheduleFreeAdamW
from harness_optimizers.sgd import SGD


@hookimpl
def harness_optimizers() -> Sequence[type[Optimizer]]:
    """The optimizers of this package."""
    return [Adagrad, Adam, AdamW, Lion, Muon, RMSprop, ScheduleFreeAdamW, SGD]
