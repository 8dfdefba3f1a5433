"""DropHead: dropout of whole attention heads."""

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
class DropHead(Regularizer):
    """Drops attention heads at random, per sentence, and rescales the rest (Zhou et al. 2020).

    head_i <- head_i * m_i * h / sum(m), with m_i ~ Bernoulli(1 - rate) for each of the h heads of
    an attention and each sentence, shared by all its positions. If every head would be dropped,
    none is: this avoids a division by 0, and makes the expectation exactly the unmasked heads. An
    attention with one head is therefore never changed. The paper's schedule of rates over training
    is not available.
    """

    name = "drop_head"
    bare = "rate"

    rate: ProbabilityBelowOne = 0.1

    def build(self, setting: Setting) -> Regularization:
        """A perturbation at the heads of every attention; none at a rate of 0."""
        return Regularization(modify_model=self._fill)

    def _fill(self, model: Model, *, generator: Callable[[str], torch.Generator]) -> None:
        fill_sites(model, kind="attention.heads", perturbation=self._drop, rate=self.rate)

    def _drop(self, value: torch.Tensor, site: Site, noise: Noise) -> torch.Tensor:
        sentences, heads = value.shape[:2]
        # 1 for positions and features: a head is dropped as a whole.
        kept = noise.keep(f"drop_head.{site.path}", (sentences, heads, 1, 1), self.rate)
        # Keeping all where none is left: implementations without this divide 0 by 0.
        shares = (kept | ~kept.any(1, keepdim=True)).to(value.dtype)
        return value * (shares * heads / shares.sum(1, keepdim=True))
