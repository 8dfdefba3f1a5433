"""Layer-wise learning rates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from harness.components import ParameterGroups
from harness.components.options import Probability
from harness.contracts import ParameterGroup, Rate, Setting
from harness_parameter_groups.layers import by_layer


@dataclass(frozen=True, kw_only=True)
class LayerWise(ParameterGroups):
    """A layer k below the top learns at rate * decay^k: the lower the layer, the slower.

    Layer-wise learning rate decay for fine-tuning, as in Zhang et al. 2021 (Revisiting few-sample
    BERT fine-tuning), whose code uses 0.95. That model is an encoder only; here, with an encoder
    and a decoder, the order from the top is: output projection, decoder layers N to 1, encoder
    layers N to 1, embeddings. A matrix tied to an embedding counts as an embedding, and the bias of
    its projection to the top decoder layer. A decay of 1 is one rate for all, a decay of 0 trains
    the top layer only.
    """

    name = "layer_wise"
    bare = "decay"

    decay: Probability = 0.95

    def build(self, setting: Setting) -> Callable[[Sequence[str]], Sequence[ParameterGroup]]:
        def multiple(depth: int) -> Rate:
            # 0**0 is 1, so that a decay of 0 trains the top layer at the full rate.
            return lambda update: self.decay**depth

        return by_layer(multiple)
