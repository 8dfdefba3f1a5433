"""DropHead: whole attention heads left out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

from harness.components import Regularizer
from harness.components.options import ProbabilityBelowOne
from harness.contracts import Model, Regularization, Setting, Site
from harness.streams import Noise, kept_share


@dataclass(frozen=True, kw_only=True)
class DropHead(Regularizer):
    """Leaves out attention heads of a sentence at random and scales up the rest (Zhou et al. 2020).

    head_i <- head_i * m_i * h / sum(m), with m_i ~ Bernoulli(1 - rate) for each of the h heads of
    an attention and each sentence, the same at all its places. Where no head would be left, all
    are: then nothing is divided by 0, and the expectation is exactly the heads as they are. An
    attention of one head therefore never changes. The paper's schedule of rates over training is
    not offered.
    """

    name = "drop_head"
    bare = "rate"

    rate: ProbabilityBelowOne = 0.1

    def build(self, setting: Setting) -> Regularization:
        """Fills the sites of all heads; a rate of 0 leaves them empty."""
        return Regularization(modify_model=self._fill)

    def _fill(self, model: Model, *, generator: Callable[[str], torch.Generator]) -> None:
        if kept_share(self.rate) == 1:
            return
        for site in model.sites.values():
            if site.kind == "attention.heads":
                site.fill(self._drop)

    def _drop(self, value: torch.Tensor, site: Site, noise: Noise) -> torch.Tensor:
        sentences, heads = value.shape[:2]
        kept = noise.keep(f"drop_head.{site.path}", (sentences, heads, 1, 1), self.rate)
        shares = (kept | ~kept.any(1, keepdim=True)).to(value.dtype)
        return value * (shares * heads / shares.sum(1, keepdim=True))
