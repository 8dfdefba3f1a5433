"""DropKey: dropout of attention keys, before the softmax."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch

from harness.components import Regularizer
from harness.components.options import ProbabilityBelowOne
from harness.contracts import Model, Regularization, Setting, Site
from harness.streams import Noise
from harness_regularizers.site_noise import fill_sites


@dataclass(frozen=True, kw_only=True)
class DropKey(Regularizer):
    """Masks attention keys at random for each query, before the softmax (Li et al. 2023).

    scores <- scores where m = 1, else -inf, with m ~ Bernoulli(1 - rate) for each sentence, head,
    query and key. Unlike with dropout after the softmax, the weights still sum to 1, so they are
    not rescaled; but evaluation, which has all keys, has sharper weights than their mean. A query
    that loses every key attends uniformly to all keys visible to it. The paper's rates that
    decrease with depth are not available.

    Not verified, because the paper was available only in its abstract: the treatment of a query
    without keys, and that evaluation does nothing to make up for the masks.
    """

    name = "drop_key"
    bare = "rate"

    rate: ProbabilityBelowOne = 0.1

    def build(self, setting: Setting) -> Regularization:
        """A perturbation of the scores of every attention; none at a rate of 0."""
        return Regularization(modify_model=self._fill)

    def _fill(self, model: Model, *, generator: Callable[[str], torch.Generator]) -> None:
        fill_sites(model, kind="attention.scores", perturbation=self._mask, rate=self.rate)

    def _mask(self, value: torch.Tensor, site: Site, noise: Noise) -> torch.Tensor:
        kept = noise.keep(f"drop_key.{site.path}", value.shape, self.rate)
        # -inf, by which the model tells that no key is left; half precision has no -1e9.
        return value.masked_fill(~kept, -math.inf)
