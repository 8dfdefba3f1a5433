"""ULMFiT's discriminative learning rates."""

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
    """The rate of each layer is that of the layer above divided by 2.6 (Howard and Ruder 2018).

    ULMFiT, section 3.2: lr of layer l - 1 = lr of layer l / `divisor`. It is `layer_wise` with a
    decay of 1 / divisor, and so far steeper than with 0.95: five layers below the top, about a
    hundredth of the rate. The layers and their order are as there.
    """

    name = "discriminative"
    bare = "divisor"

    divisor: Annotated[float, Ge(1)] = 2.6

    def build(self, setting: Setting) -> Callable[[Sequence[str]], Sequence[ParameterGroup]]:
        def multiple(depth: int) -> Rate:
            return lambda update: self.divisor**-depth

        return by_layer(multiple)
