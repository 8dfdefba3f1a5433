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
    """Trains the top layer first, and unfreezes the next one below every `every` updates.

    ULMFiT, section 3.3 (Howard and Ruder 2018, where `every` is an epoch): a layer k below the top
    is frozen up to update k * every. Frozen parameters are excluded from the optimizer's step, so
    neither momentum nor decay changes them. With a `divisor` above 1, an unfrozen layer learns at
    rate / divisor^k, as in `discriminative`, with the same layers: the paper uses both, with 2.6.
    Layers that the budget never reaches keep their initial weights, so it is meant for a pretrained
    model.
    """

    name = "gradual_unfreezing"
    bare = "every"

    every: PositiveInt
    divisor: Annotated[float, Ge(1)] = 1.0

    def build(self, setting: Setting) -> Callable[[Sequence[str]], Sequence[ParameterGroup]]:
        def multiple(depth: int) -> Rate:
            # Exactly 0 while frozen, by which the core knows to leave a group out of the step.
            return lambda update: self.divisor**-depth if update > depth * self.every else 0.0

        return by_layer(multiple)
