"""ULMFiT's gradual unfreezing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge

from harness.components import ParameterGroups
from harness.components.options import PositiveInt
from harness.contracts import ParameterGroup, Rate, Setting
from harness_parameter_groups.layers import by_layer


@dataclass(frozen=True, kw_only=True)
class GradualUnfreezing(ParameterGroups):
    """The top layer learns from the start, and every `every` updates one more layer below it.

    ULMFiT, section 3.3 (Howard and Ruder 2018, where `every` is an epoch): a layer k below the top
    is frozen up to update k * every. What is frozen is left out of the optimizer's step, so that
    neither moments nor decay move it. With a `divisor` above 1 a layer learns at rate / divisor^k
    once it does, as in `discriminative`, whose layers these are: the paper uses both, with 2.6.
    Layers that the budget never reaches keep their first weights, so it is meant for a model that
    was trained before.
    """

    name = "gradual_unfreezing"
    bare = "every"

    every: PositiveInt
    divisor: Annotated[float, Ge(1)] = 1.0

    def build(self, setting: Setting) -> Callable[[Sequence[str]], Sequence[ParameterGroup]]:
        def multiple_of(below: int) -> Rate:
            return lambda update: self.divisor**-below if update > below * self.every else 0.0

        return by_layer(multiple_of)
