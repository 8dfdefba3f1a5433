"""Contract tests of components, one function per slot, to call from a plugin's own tests.

Each takes a component, builds it in a tiny setting with a real model, and raises
`AssertionError` with the component's name and what it does wrong::

    from harness.testing import check_loss

    def test_focal_is_a_loss():
        check_loss(Focal(gamma=2.0))

They test a component against its slot's contract, and not against its equation: that is left to
the plugin's own tests, against an independent source.

The real model is an encoder-decoder Transformer, or another within
``harness.testing.fixtures.model_by_default(DecoderOnly(d_model=16, ...))``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from harness.components import BASES, Component
from harness.registry.option_types import slot_noun
from harness.testing.averages import check_averaging as check_averaging
from harness.testing.claims import check_options as check_options
from harness.testing.executors import check_executor as check_executor
from harness.testing.figures import check_figure as check_figure
from harness.testing.forward import check_decoding_policy as check_decoding_policy
from harness.testing.forward import check_generation as check_generation
from harness.testing.model_parts import check_feed_forward as check_feed_forward
from harness.testing.model_parts import check_normalization as check_normalization
from harness.testing.model_parts import check_positions as check_positions
from harness.testing.models import check_model as check_model
from harness.testing.numbers import check_decay as check_decay
from harness.testing.numbers import check_loss as check_loss
from harness.testing.numbers import check_metric as check_metric
from harness.testing.numbers import check_schedule as check_schedule
from harness.testing.regularizers import check_regularizer as check_regularizer
from harness.testing.text import check_dataset as check_dataset
from harness.testing.text import check_tokenizer as check_tokenizer
from harness.testing.trackers import check_tracker as check_tracker
from harness.testing.weights import check_initializer as check_initializer
from harness.testing.weights import check_optimizer as check_optimizer
from harness.testing.weights import check_parameter_groups as check_parameter_groups

# A function is named after the base of the slot that it tests, so nothing pairs them by hand.
_NAMES = {base.slot: f"check_{slot_noun(base).replace(' ', '_')}" for base in BASES}
CHECKS: Mapping[str, Callable[[Any], None]] = {
    slot: globals()[name] for slot, name in _NAMES.items() if name in globals()
}


def check(component: Component) -> None:
    """Check a component against its slot's contract."""
    CHECKS[component.slot](component)
