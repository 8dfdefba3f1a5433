"""Attention weights of the layer below, used again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import torch
from jaxtyping import Float

from harness.components import Regularizer
from harness.components.options import PositiveInt
from harness.contracts import Model, Regularization, Setting, Transform
from harness.errors import HarnessError

Where = Literal["encoder.self_attention", "decoder.self_attention", "decoder.cross_attention"]


@dataclass(frozen=True, kw_only=True)
class ReuseAttention(Regularizer):
    """Layers attend where the layer below did, in evaluation too (after LaViT, Zhang et al. 2024).

    softmax(Q_l K_l^T / sqrt(d)) V_l becomes softmax(Q_(l-1) K_(l-1)^T / sqrt(d)) V_l in each of
    `layers` (counted from 0), head by head; a layer below that reuses weights itself hands them on.
    It is a change of the model and not noise: training and evaluation have it alike. Noise comes
    after it, so that what dropout takes from a layer's weights is not taken from the next one's. A
    layer whose lower neighbor LayerDrop left out keeps weights of its own.

    The query and key matrices of these layers get no gradient and stay as they began; their scores
    are still computed, so that it costs time and saves none, unlike the paper's, whose point is
    speed. `attentions` says where: the paper, an encoder of images, has self-attention only.

    From memory of the paper ("You Only Need Less Attention Each Layer in Vision Transformers", CVPR
    2024), not verified: there the weights below pass through learned linear maps along both of
    their dimensions, later stages receive them by a residual path, and an extra loss keeps their
    diagonal. None of that is here; this is the reuse alone.
    """

    name = "reuse_attention"
    bare = "layers"

    layers: tuple[PositiveInt, ...] = (1,)
    attentions: tuple[Where, ...] = ("encoder.self_attention", "decoder.self_attention")

    def build(self, setting: Setting) -> Regularization:
        """Alters the sites of these layers' weights and of those below; without layers, none."""
        return Regularization(modify_model=self._alter)

    def _alter(self, model: Model, *, generator: Callable[[str], torch.Generator]) -> None:
        sites = model.sites
        for where in self.attentions:
            stack, sublayer = where.split(".")
            passed = _Passed()
            for layer in sorted({*self.layers}):
                above = f"{stack}.{layer}.{sublayer}.attention.weights"
                if above not in sites:
                    raise HarnessError(
                        f"reuse_attention: the {stack} has no layer {layer}, counted from 0; "
                        f"leave {layer} out of layers, or {where} out of attentions"
                    )
                if layer - 1 not in self.layers:
                    below = f"{stack}.{layer - 1}.{sublayer}.attention.weights"
                    sites[below].alter(passed.keep(layer - 1))
                sites[above].alter(passed.take(layer))
            if self.layers:
                sites[f"{stack}.embedding"].alter(passed.forget)


@dataclass(eq=False)
class _Passed:
    """The weights of one pass through a stack, by layer, for as long as it lasts."""

    weights: dict[int, torch.Tensor] = field(default_factory=dict)

    def forget(self, embedded: torch.Tensor) -> torch.Tensor:
        """Begin the next pass."""
        self.weights.clear()
        return embedded

    def keep(self, layer: int) -> Transform:
        """Remember a layer's weights."""

        def keep(
            weights: Float[torch.Tensor, "sentences heads target source"],
        ) -> Float[torch.Tensor, "sentences heads target source"]:
            self.weights[layer] = weights
            return weights

        return keep

    def take(self, layer: int) -> Transform:
        """Those of the layer below in place of a layer's own, which are remembered in turn."""

        def take(
            weights: Float[torch.Tensor, "sentences heads target source"],
        ) -> Float[torch.Tensor, "sentences heads target source"]:
            self.weights[layer] = self.weights.get(layer - 1, weights)
            return self.weights[layer]

        return take
