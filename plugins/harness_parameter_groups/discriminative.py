"""ULMFiT's discriminative rates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge

from harness.components import ParameterGroups
from harness.contracts import ParameterGroup, Rate, Setting
from harness_parameter_groups.layers import by_layer


@dataclass(frozen=True, kw_only=True)
class Discriminative(ParameterGroups):
    """Each layer learns at the rate of the one above it, divided by 2.6 (Howard and Ruder 2018).

    ULMFiT, section 3.2: lr of layer l - 1 = lr of layer l / `divisor`. It is `layer_wise` with a
    decay of 1 / divisor, and so a far steeper fall than 0.95: five layers below the top, a
    hundredth of the rate. The layers and their order are as there.
    """

    name = "discriminative"
    bare = "divisor"

    divisor: Annotated[float, Ge(1)] = 2.6

    def build(self, setting: Setting) -> Callable[[Sequence[str]], Sequence[ParameterGroup]]:
        def multiple_of(below: int) -> Rate:
            return lambda update: self.divisor**-below

        return by_layer(multiple_of)
