"""Where a trained model looks while it translates a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import shorten
from typing import TYPE_CHECKING

import torch

from harness.contracts import BOS
from harness.errors import HarnessError
from harness.inspection.attention import attention
from harness.inspection.heatmap import Map, Shades, draw_maps
from harness.inspection.translation import source_tokens, texts, written
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
    """The three attentions of a layer, the last of each stack unless said; counted from 0.

    A row of maps for each of `heads`, or one for their mean if there are none. The decoder reads
    what it wrote itself, and every row of a map, which sums to 1, is one token's look around.
    """
    own = written(run, line=line)
    source = source_tokens(run, line=line)
    seen = attention(run.model, source, target=source.new_tensor([[BOS, *own]]))
    codecs = run.codecs
    read = texts(codecs.source, tokens=source[0].tolist())
    fed = texts(codecs.target, tokens=[BOS, *own])
    maps = []
    for head in heads or (None,):
        for kind, (side, name) in _KINDS.items():
            number = _layer(layer, side=side, of=run)
            weights = seen[f"{side}.{number}.{name}"][0]
            which = f"mean of {len(weights)} heads" if head is None else f"head {head}"
            title = f"{kind}\nlayer {number}, {which}"
            rows = read if side == "encoder" else fed
            columns = fed if (side, name) == ("decoder", "self_attention") else read
            values = _of_head(weights, head=head).tolist()
            maps.append(Map(title, rows, columns, values, "looks from", "looks at"))
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


def _layer(layer: int | None, *, side: str, of: RestoredRun) -> int:
    stack = of.model.encoder if side == "encoder" else of.model.decoder
    if layer is None:
        return len(stack) - 1
    if not 0 <= layer < len(stack):
        last = len(stack) - 1
        raise HarnessError(f"the {side} has layers 0 to {last}, and no layer {layer}")
    return layer


def _of_head(weights: torch.Tensor, *, head: int | None) -> torch.Tensor:
    if head is None:
        return weights.mean(0)
    if not 0 <= head < len(weights):
        raise HarnessError(f"the model has heads 0 to {len(weights) - 1}, and no head {head}")
    return weights[head]
