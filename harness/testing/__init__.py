"""What every component must keep to, as functions to call from a plugin's own tests.

One function a slot takes a component, builds it in a tiny setting with a real model, and raises
`AssertionError` with the component's name and what it does wrong::

    from harness.testing import check_loss

    def test_focal_is_a_loss():
        check_loss(Focal(gamma=2.0))

They hold a component to its slot's contract, and not to its equation: a test against an
independent source stays the plugin's own business.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from harness.components import Component
from harness.testing.averages import check_averaging
from harness.testing.claims import check_options
from harness.testing.executors import check_executor
from harness.testing.figures import check_figure
from harness.testing.forward import check_decoding_policy, check_generation
from harness.testing.numbers import check_decay, check_loss, check_metric, check_schedule
from harness.testing.regularizers import check_regularizer
from harness.testing.text import check_dataset, check_tokenizer
from harness.testing.trackers import check_tracker
from harness.testing.weights import check_initializer, check_optimizer, check_parameter_groups

CHECKS: Mapping[str, Callable[[Any], None]] = {
    "dataset": check_dataset,
    "tokenizer": check_tokenizer,
    "initializer": check_initializer,
    "regularizers": check_regularizer,
    "loss": check_loss,
    "optimizer": check_optimizer,
    "parameter_groups": check_parameter_groups,
    "schedule": check_schedule,
    "decoding_policy": check_decoding_policy,
    "decay": check_decay,
    "averaging": check_averaging,
    "generation": check_generation,
    "metrics": check_metric,
    "figures": check_figure,
    "trackers": check_tracker,
    "executor": check_executor,
}


def check(component: Component) -> None:
    """Hold a component to its slot's contract."""
    CHECKS[component.slot](component)


__all__ = [
    "CHECKS",
    "check",
    "check_averaging",
    "check_dataset",
    "check_decay",
    "check_decoding_policy",
    "check_executor",
    "check_figure",
    "check_generation",
    "check_initializer",
    "check_loss",
    "check_metric",
    "check_optimizer",
    "check_options",
    "check_parameter_groups",
    "check_regularizer",
    "check_schedule",
    "check_tokenizer",
    "check_tracker",
]
