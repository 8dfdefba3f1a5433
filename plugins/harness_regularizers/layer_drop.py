"""LayerDrop: dropout of whole layers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

from harness.components import Regularizer
from harness.components.options import ProbabilityBelowOne
from harness.contracts import Model, Regularization, Setting, Site
from harness.streams import Noise
from harness_regularizers.site_noise import fill_sites


@dataclass(frozen=True, kw_only=True)
class LayerDrop(Regularizer):
    """Skips whole layers at random, independently of each other (Fan et al. 2020).

    h_{l+1} = layer_l(h_l) with probability 1 - rate, else h_l: one draw per layer and forward pass,
    shared by all sentences. Evaluation uses every layer. As in the authors' code (fairseq), nothing
    is rescaled, so evaluation adds 1 / (1 - rate) times what training adds on average at a layer;
    stochastic depth (Huang et al. 2016) is the technique that makes up for it. A skipped layer gets
    no gradient, and so no optimizer step.
    """

    name = "layer_drop"
    bare = "rate"

    rate: ProbabilityBelowOne = 0.2

    def build(self, setting: Setting) -> Regularization:
        """A perturbation of the gate of every layer; none at a rate of 0."""
        return Regularization(modify_model=self._fill)

    def _fill(self, model: Model, *, generator: Callable[[str], torch.Generator]) -> None:
        fill_sites(model, kind="layer", perturbation=self._drop, rate=self.rate)

    def _drop(self, value: torch.Tensor, site: Site, noise: Noise) -> torch.Tensor:
        # One coin for all sentences, though a gate could have one for each.
        return value * noise.keep(f"layer_drop.{site.path}", (1, 1, 1), self.rate)
