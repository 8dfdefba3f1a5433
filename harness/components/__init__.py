"""The slots: one abstract base each, whose docstring is the contract of its components."""

from __future__ import annotations

from harness.components.averaging import Averaging
from harness.components.component import Component
from harness.components.dataset import Dataset
from harness.components.decay import Decay
from harness.components.decoding_policy import DecodingPolicy
from harness.components.executor import Executor
from harness.components.figure import Figure
from harness.components.generation import Generation
from harness.components.initializer import Initializer
from harness.components.loss import Loss
from harness.components.metric import Metric
from harness.components.optimizer import Optimizer
from harness.components.parameter_groups import ParameterGroups
from harness.components.regularizer import Regularizer
from harness.components.schedule import Schedule
from harness.components.tokenizer import Tokenizer
from harness.components.tracker import Tracker

BASES: tuple[type[Component], ...] = (
    Dataset,
    Tokenizer,
    Initializer,
    Regularizer,
    Loss,
    Optimizer,
    ParameterGroups,
    Schedule,
    DecodingPolicy,
    Decay,
    Averaging,
    Generation,
    Metric,
    Figure,
    Tracker,
    Executor,
)

SLOTS: dict[str, type[Component]] = {base.slot: base for base in BASES}

__all__ = [
    "BASES",
    "SLOTS",
    "Averaging",
    "Component",
    "Dataset",
    "Decay",
    "DecodingPolicy",
    "Executor",
    "Figure",
    "Generation",
    "Initializer",
    "Loss",
    "Metric",
    "Optimizer",
    "ParameterGroups",
    "Regularizer",
    "Schedule",
    "Tokenizer",
    "Tracker",
]
