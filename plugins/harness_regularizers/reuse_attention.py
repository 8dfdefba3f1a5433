"""Reuse of the attention weights of the layer below."""

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

Attention = Literal["encoder.self_attention", "decoder.self_attention", "decoder.cross_attention"]


@dataclass(frozen=True, kw_only=True)
class ReuseAttention(Regularizer):
    """Reuses the attention weights of the layer below (after LaViT, Zhang et al. 2024).

    softmax(Q_l K_l^T / sqrt(d)) V_l becomes softmax(Q_(l-1) K_(l-1)^T / sqrt(d)) V_l in each of
    `layers` (counted from 0), head by head; a layer below that reuses weights itself passes them
    on. This is a transform of the model and not noise: it acts in training and evaluation alike.
    Noise acts after it, so dropout on one layer's weights does not affect those of the next. A
    layer whose lower neighbor LayerDrop skipped uses its own weights.

    The query and key matrices of these layers get no gradient and keep their initial values; their
    scores are still computed, so nothing is saved, unlike in the paper, whose purpose is speed.
    `attentions` selects the attentions; those of a stack that a model does not have are left out,
    unless there would be none. The paper's model, an encoder of images, has self-attention only.

    From memory of the paper ("You Only Need Less Attention Each Layer in Vision Transformers", CVPR
    2024), not verified: there the weights below pass through learned linear maps along both of
    their dimensions, later stages receive them through a residual path, and an additional loss
    preserves their diagonal. None of that is implemented here, only the reuse.
    """

    name = "reuse_attention"
    bare = "layers"

    layers: tuple[PositiveInt, ...] = (1,)
    attentions: tuple[Attention, ...] = ("encoder.self_attention", "decoder.self_attention")

    def build(self, setting: Setting) -> Regularization:
        """Transforms of the attention weights of these layers and of those below."""
        return Regularization(modify_model=self._add_transforms)

    def _add_transforms(self, model: Model, *, generator: Callable[[str], torch.Generator]) -> None:
        sites = model.sites
        stacks = {path.partition(".")[0] for path in sites}
        shared = [name for name in self.attentions if name.partition(".")[0] in stacks]
        # A model of one stack has nothing for the other half of the default to act on.
        for attention in shared or self.attentions:
            stack, sublayer = attention.split(".")
            recorded = _RecordedWeights()
            for layer in sorted({*self.layers}):
                above = f"{stack}.{layer}.{sublayer}.attention.weights"
                if above not in sites:
                    raise HarnessError(
                        f"reuse_attention: the {stack} has no layer {layer}, counted from 0; "
                        f"remove {layer} from layers, or {attention} from attentions"
                    )
                if layer - 1 not in self.layers:
                    below = f"{stack}.{layer - 1}.{sublayer}.attention.weights"
                    sites[below].alter(recorded.record(layer - 1))
                sites[above].alter(recorded.reuse(layer))
            if self.layers:
                # The embedding is the first site of a pass: without clearing there, a layer above
                # one that LayerDrop skipped would reuse the weights of an earlier batch.
                sites[f"{stack}.embedding"].alter(recorded.clear)


@dataclass(eq=False)
class _RecordedWeights:
    """The attention weights of the current pass through a stack, by layer."""

    weights: dict[int, torch.Tensor] = field(default_factory=dict)

    def clear(self, embedded: torch.Tensor) -> torch.Tensor:
        """Start the next pass; the site's value is returned unchanged."""
        self.weights.clear()
        return embedded

    def record(self, layer: int) -> Transform:
        """A transform that records a layer's weights and returns them unchanged."""

        def record(
            weights: Float[torch.Tensor, "sentences heads target source"],
        ) -> Float[torch.Tensor, "sentences heads target source"]:
            self.weights[layer] = weights
            return weights

        return record

    def reuse(self, layer: int) -> Transform:
        """A transform that replaces a layer's weights by those below, and records the result."""

        def reuse(
            weights: Float[torch.Tensor, "sentences heads target source"],
        ) -> Float[torch.Tensor, "sentences heads target source"]:
            self.weights[layer] = self.weights.get(layer - 1, weights)
            return self.weights[layer]

        return reuse
