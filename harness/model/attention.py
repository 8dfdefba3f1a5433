"""Multi-head attention (Vaswani et al. 2017, section 3.2)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from harness.contracts import Site
from harness.model.projection import Projection
from harness.streams import Noise


class KeysValues(NamedTuple):
    """The keys that queries are compared with, and the values that they select."""

    keys: Float[Tensor, "sentences heads source head"]
    values: Float[Tensor, "sentences heads source head"]


class View(NamedTuple):
    """The keys that a query may see: all, those up to its own place, or the `visible` ones."""

    visible: Bool[Tensor, "#sentences #heads #target source"] | None = None
    causal: bool = False  # a flag and not a mask: fused kernels skip the hidden half

    @classmethod
    def of_source(cls, visible: Bool[Tensor, "sentences source"] | None) -> View:
        """The same source places for every head and every query of a sentence."""
        return cls() if visible is None else cls(visible[:, None, None])


class Attention(nn.Module):
    """softmax(Q K^T / sqrt(d_head)) V of every head, concatenated, through the output projection.

    While the sites `attention.scores` and `attention.weights` are idle, torch's fused attention
    computes it; otherwise the same arithmetic is written out. A query that sees no key gets 0.
    """

    def __init__(self, d_model: int, *, heads: int, place: str, sites: Mapping[str, Site]) -> None:
        super().__init__()
        self._heads = heads
        self.query = Projection(d_model, d_model)
        self.key = Projection(d_model, d_model)
        self.value = Projection(d_model, d_model)
        self.output = Projection(d_model, d_model)
        self._scores = sites[f"{place}.attention.scores"]
        self._weights = sites[f"{place}.attention.weights"]
        self._mixes = sites[f"{place}.attention.heads"]

    def keys_values(
        self, states: Float[Tensor, "sentences source d_model"], *, noise: Noise | None
    ) -> KeysValues:
        """The keys and values of these states, for any number of queries."""
        keys, values = self.key(states, noise), self.value(states, noise)
        return KeysValues(self._split(keys), self._split(values))

    def forward(
        self,
        states: Float[Tensor, "sentences target d_model"],
        *,
        to: KeysValues,
        view: View,
        noise: Noise | None,
    ) -> Float[Tensor, "sentences target d_model"]:
        """The attention output of every target state."""
        queries = self._split(self.query(states, noise))
        # Fused kernels never hold all scores at once, so a site would have nothing to act on.
        if self._scores.active(noise) or self._weights.active(noise):
            mixes = self._written_out(queries, to=to, view=view, noise=noise)
        else:
            mixes = nn.functional.scaled_dot_product_attention(
                queries, to.keys, to.values, attn_mask=view.visible, is_causal=view.causal
            )
        mixes = self._mixes(mixes, noise)
        output: Tensor = self.output(mixes.transpose(1, 2).flatten(2), noise)
        return output

    def _written_out(
        self,
        queries: Float[Tensor, "sentences heads target head"],
        *,
        to: KeysValues,
        view: View,
        noise: Noise | None,
    ) -> Float[Tensor, "sentences heads target head"]:
        scores = (queries / math.sqrt(queries.shape[-1])) @ to.keys.transpose(-2, -1)
        if self._scores.active(noise):
            # Finite, unlike the mask: an effect that hides every visible key must not give NaN.
            scores = self._scores(scores, noise).clamp(min=torch.finfo(scores.dtype).min)
        weights = self._weights(_softmax(scores, view=view), noise)
        return weights @ to.values

    def _split(
        self, states: Float[Tensor, "sentences places d_model"]
    ) -> Float[Tensor, "sentences heads places head"]:
        # The layout of torch's fused attention. Heads are slices of one matrix: one product for
        # all.
        return states.view(*states.shape[:2], self._heads, -1).transpose(1, 2)


def _softmax(
    scores: Float[Tensor, "sentences heads target source"], *, view: View
) -> Float[Tensor, "sentences heads target source"]:
    if view.causal:
        # The diagonal stays visible: what is fed at a place is the token before the one to predict.
        # No row is empty then, and one masking is enough.
        later = torch.ones_like(scores[0, 0], dtype=torch.bool).triu(1)
        return scores.masked_fill(later, -math.inf).softmax(-1)
    if view.visible is None:
        return scores.softmax(-1)
    hidden = ~view.visible
    # Masked twice, because a row that sees no key is NaN after softmax and 0 in the fused path.
    return scores.masked_fill(hidden, -math.inf).softmax(-1).masked_fill(hidden, 0.0)
