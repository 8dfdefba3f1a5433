"""DropKey: dropout before the softmax."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch

from harness.components import Regularizer
from harness.components.options import ProbabilityBelowOne
from harness.contracts import Model, Regularization, Setting, Site
from harness.streams import Noise, kept_share


@dataclass(frozen=True, kw_only=True)
class DropKey(Regularizer):
    """Hides keys from queries at random, before the softmax (Li et al. 2023).

    scores <- scores where m = 1, else -inf, with m ~ Bernoulli(1 - rate) for each sentence, head,
    query and key. Weights still sum to 1, unlike those that dropout leaves after the softmax, and
    so nothing is scaled up. A query that loses every key attends to all that it may see, evenly.
    The paper's rates that fall with depth are not offered.
    """

    name = "drop_key"
    bare = "rate"

    rate: ProbabilityBelowOne = 0.1

    def build(self, setting: Setting) -> Regularization:
        """Fills the sites of all attention scores; a rate of 0 leaves them empty."""
        return Regularization(modify_model=self._fill)

    def _fill(self, model: Model, *, generator: Callable[[str], torch.Generator]) -> None:
        if kept_share(self.rate) == 1:
            return
        for site in model.sites.values():
            if site.kind == "attention.scores":
                site.fill(self._hide)

    def _hide(self, value: torch.Tensor, site: Site, noise: Noise) -> torch.Tensor:
        kept = noise.keep(f"drop_key.{site.path}", value.shape, self.rate)
        return value.masked_fill(~kept, -math.inf)
