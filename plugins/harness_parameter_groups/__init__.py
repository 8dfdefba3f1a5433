"""Parameter groups with their own learning rates."""

from __future__ import annotations

from collections.abc import Sequence

from harness.components import ParameterGroups
from harness.hookspecs import hookimpl
from harness_parameter_groups.discriminative import Discriminative
from harness_parameter_groups.gradual_unfreezing import GradualUnfreezing
from harness_parameter_groups.layer_wise import LayerWise


@hookimpl
def harness_parameter_groups() -> Sequence[type[ParameterGroups]]:
    """The parameter groups of this package."""
    return [Discriminative, GradualUnfreezing, LayerWise]
