"""Multi-head attention (Vaswani et al. 2017, section 3.2)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from harness.components import TransformerOptions
from harness.components.positions import PlaceCode, Places
from harness.contracts import Site, Transform
from harness.model.parts import built_normalization
from harness.model.projection import Projection
from harness.streams import Noise


class KeysValues(NamedTuple):
    """The keys that queries are compared with, and the values that they select."""

    keys: Float[Tensor, "sentences kv_heads source head"]
    values: Float[Tensor, "sentences kv_heads source head"]


class View(NamedTuple):
    """The keys that a query may see: all, those up to its own place, or the `visible` ones.

    A `bias` is added to the scaled scores, and -inf in it hides keys as well; `turn` is what
    queries and keys go through before.
    """

    visible: Bool[Tensor, "#sentences #heads #target source"] | None = None
    causal: bool = False  # a flag and not a mask: fused kernels skip the hidden half
    bias: Float[Tensor, "#sentences heads target source"] | None = None
    turn: Transform | None = None

    @classmethod
    def of_source(cls, visible: Bool[Tensor, "sentences source"] | None) -> View:
        """The same source places for every head and every query of a sentence."""
        return cls() if visible is None else cls(visible[:, None, None])

    def placed(
        self, code: PlaceCode, *, queries: Places, keys: Places, window: int | None = None
    ) -> View:
        """The view of queries and keys at these places, with what their code does in attention.

        A query sees no key that is `window` places or more before its own.
        """
        view = self
        if window is not None and keys.end > window:
            near = (keys.numbers[:, None] > queries.numbers[:, :, None] - window)[:, None]
            mask = view._mask(near)
            view = View(near if mask is None else near & mask)
        bias = code.bias(queries, keys=keys)
        if bias is not None:
            mask = view._mask(bias)
            view = View(bias=bias if mask is None else bias.masked_fill(~mask, -math.inf))
        return view._replace(turn=code.turn(queries))

    def fused(self, dtype: torch.dtype) -> Tensor | None:
        """The mask for torch's fused attention, beside its flag for a causal one."""
        return self.visible if self.bias is None else self.bias.to(dtype)

    def _mask(self, of: Tensor) -> Tensor | None:
        """The visible keys, for scores of the same size; None if all are."""
        # The diagonal stays visible: what is fed at a place is the token before the one to predict.
        return torch.ones_like(of[0, 0], dtype=torch.bool).tril() if self.causal else self.visible


class Attention(nn.Module):
    """softmax(Q K^T / sqrt(d_head)) V of every head, concatenated, through the output projection.

    While the sites `attention.scores` and `attention.weights` are idle, torch's fused attention
    computes it; otherwise the same arithmetic is written out. A query that sees no key gets 0.
    """

    query_norm: nn.Module | None
    key_norm: nn.Module | None

    def __init__(
        self, options: TransformerOptions, *, place: str, sites: Mapping[str, Site]
    ) -> None:
        super().__init__()
        d_model, bias = options.d_model, options.bias
        self._head = d_model // options.heads
        self._group = options.heads // options.key_heads  # queries for each head of keys
        self.query = Projection(d_model, d_model, bias=bias)
        self.key = Projection(d_model, self._head * options.key_heads, bias=bias)
        self.value = Projection(d_model, self._head * options.key_heads, bias=bias)
        self.output = Projection(d_model, d_model, bias=bias)
        for name in ("query_norm", "key_norm"):
            norm = built_normalization(options, width=self._head) if options.qk_norm else None
            self.register_module(name, norm)
        self._scores = sites[f"{place}.attention.scores"]
        self._weights = sites[f"{place}.attention.weights"]
        self._mixes = sites[f"{place}.attention.heads"]

    def keys_values(
        self,
        states: Float[Tensor, "sentences source d_model"],
        *,
        view: View,
        noise: Noise | None,
    ) -> KeysValues:
        """The keys and values of these states, for any number of queries."""
        keys, values = self.key(states, noise), self.value(states, noise)
        keys = _placed(self._split(keys), norm=self.key_norm, view=view)
        return KeysValues(keys, self._split(values))

    def forward(
        self,
        states: Float[Tensor, "sentences target d_model"],
        *,
        to: KeysValues,
        view: View,
        noise: Noise | None,
    ) -> Float[Tensor, "sentences target d_model"]:
        """The attention output of every target state."""
        queries = _placed(self._split(self.query(states, noise)), norm=self.query_norm, view=view)
        if self._group > 1:  # repeated only here: caches hold the few heads of keys that there are
            to = KeysValues(*(heads.repeat_interleave(self._group, dim=1) for heads in to))
        # Fused kernels never hold all scores at once, so a site would have nothing to act on.
        if self._scores.active(noise) or self._weights.active(noise):
            mixes = self._written_out(queries, to=to, view=view, noise=noise)
        else:
            mixes = nn.functional.scaled_dot_product_attention(
                queries, *to, attn_mask=view.fused(queries.dtype), is_causal=view.causal
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
        self, states: Float[Tensor, "sentences places outputs"]
    ) -> Float[Tensor, "sentences heads places head"]:
        # The layout of torch's fused attention. Heads are slices of one matrix: one product for
        # all.
        return states.view(*states.shape[:2], -1, self._head).transpose(1, 2)


def _placed(
    heads: Float[Tensor, "sentences heads places head"], *, norm: nn.Module | None, view: View
) -> Float[Tensor, "sentences heads places head"]:
    """Queries or keys as they are compared: normalized, then turned by their places."""
    heads = heads if norm is None else norm(heads)
    return heads if view.turn is None else view.turn(heads)


def _softmax(
    scores: Float[Tensor, "sentences heads target source"], *, view: View
) -> Float[Tensor, "sentences heads target source"]:
    if view.causal:
        # The diagonal stays visible: what is fed at a place is the token before the one to predict.
        # No row is empty then, and one masking is enough.
        later = torch.ones_like(scores[0, 0], dtype=torch.bool).triu(1)
        return scores.masked_fill(later, -math.inf).softmax(-1)
    if view.bias is not None:
        scores = scores + view.bias.to(scores.dtype)
    if view.visible is None and view.bias is None:
        return scores.softmax(-1)
    hidden = scores.isneginf() if view.visible is None else ~view.visible
    # Masked twice, because a row that sees no key is NaN after softmax and 0 in the fused path.
    return scores.masked_fill(hidden, -math.inf).softmax(-1).masked_fill(hidden, 0.0)
