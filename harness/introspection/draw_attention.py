"""Attention weights of a trained model while it translates a sentence, drawn as heatmaps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import shorten
from typing import TYPE_CHECKING

import torch

from harness.contracts import BOS
from harness.errors import HarnessError
from harness.introspection.attention import attention
from harness.introspection.heatmap import Map, Shades, draw_maps
from harness.introspection.translation import generate_tokens, source_tokens, token_texts
from harness.runs.restored import RestoredRun

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_LONGEST = 80  # characters of a sentence in a title
_KINDS = {
    "encoder self-attention": ("encoder", "self_attention"),
    "decoder self-attention": ("decoder", "self_attention"),
    "cross-attention": ("decoder", "cross_attention"),
}


def attention_maps(
    run: RestoredRun, *, line: str, layer: int | None = None, heads: Sequence[int] = ()
) -> list[Map]:
    """Every attention of a layer, counted from 0; by default the last of each stack.

    One row of maps for each of `heads`, or one for their mean if there are none. The decoder reads
    its own output (free running). Each row of a map is one query's weights, which sum to 1.
    """
    own = generate_tokens(run, line=line)
    source = source_tokens(run, line=line)
    by_site = attention(run.model, source, target=source.new_tensor([[BOS, *own]]))
    codecs = run.codecs
    read = token_texts(codecs.source, tokens=source[0].tolist())
    fed = token_texts(codecs.target, tokens=[BOS, *own])
    maps = []
    for head in heads or (None,):
        for kind, (side, name) in _KINDS.items():
            number = _layer(layer, side=side, attention=name, among=by_site)
            if number is None:
                continue  # a model of one stack has one attention in a layer
            weights = by_site[f"{side}.{number}.{name}"][0]
            heads_shown = f"mean of {len(weights)} heads" if head is None else f"head {head}"
            title = f"{kind}\nlayer {number}, {heads_shown}"
            rows = read if side == "encoder" else fed
            columns = fed if (side, name) == ("decoder", "self_attention") else read
            if weights.shape[-1] == len(read) + len(fed):
                rows = columns = (*read, *fed)
            values = _of_head(weights, head=head).tolist()
            maps.append(Map(title, rows, columns, values, "query", "key"))
    return maps


def draw_attention(
    run: RestoredRun, *, line: str, layer: int | None = None, heads: Sequence[int] = ()
) -> Figure:
    """The maps of `attention_maps`, a row for each head."""
    return draw_maps(
        attention_maps(run, line=line, layer=layer, heads=heads),
        shades=Shades(darkest=1.0, form=None, label="attention weight (a row sums to 1)"),
        title=f"Attention of run {run.name} while it translates: {shorten(line, _LONGEST)}",
        columns=len(_KINDS),
        cell=(0.3, 0.3),
    )


def _layer(
    layer: int | None, *, side: str, attention: str, among: Mapping[str, torch.Tensor]
) -> int | None:
    """The layer to show, the last by default; None if no layer has this attention."""
    layers = [
        int(number)
        for module in among
        for own_side, number, name in [module.split(".")]
        if (own_side, name) == (side, attention)
    ]
    if not layers:
        return None
    last = max(layers)
    if layer is not None and layer not in layers:
        raise HarnessError(f"no layer {layer} in the {side}; there are 0 to {last}")
    return last if layer is None else layer


def _of_head(weights: torch.Tensor, *, head: int | None) -> torch.Tensor:
    if head is None:
        return weights.mean(0)
    if not 0 <= head < len(weights):
        raise HarnessError(f"no head {head} in the model; there are 0 to {len(weights) - 1}")
    return weights[head]
