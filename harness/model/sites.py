"""The table of sites: every place in the model where noise may be added."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from harness.contracts import Site

_ATTENTIONS = {"encoder": ("self_attention",), "decoder": ("self_attention", "cross_attention")}


class SiteKind(NamedTuple):
    """A row of the table: the value at a site of this kind, and the number of such sites."""

    kind: str
    layout: str
    one_per: Literal["stack", "layer", "attention", "sublayer"]
    meaning: str


TABLE = (
    SiteKind(
        "embedding",
        "sentences places d_model",
        "stack",
        "what a stack is fed: token vectors times sqrt(d_model), plus positions",
    ),
    SiteKind(
        "attention.scores",
        "sentences heads target source",
        "attention",
        "scaled products of queries and keys, before masking and softmax; -inf hides a key, unless "
        "that would hide all that a query may see: then it sees all of it",
    ),
    SiteKind(
        "attention.weights",
        "sentences heads target source",
        "attention",
        "after softmax: how much of each value is taken",
    ),
    SiteKind(
        "attention.heads",
        "sentences heads target head",
        "attention",
        "each head's mix of values, before the output projection",
    ),
    SiteKind(
        "feed_forward",
        "sentences places d_ff",
        "layer",
        "hidden units after the activation and the gate, if any, before the outer projection",
    ),
    SiteKind(
        "residual",
        "sentences places d_model",
        "sublayer",
        "a sublayer's output, before it is added to its input",
    ),
    SiteKind(
        "layer",
        "sentences 1 1",
        "layer",
        "a gate of ones: where it becomes 0, the sentence skips the layer",
    ),
)


def every_site(
    *, encoder_layers: int, decoder_layers: int, cross_attention: bool = True
) -> dict[str, Site]:
    """Empty sites by path, for a model of these depths; of a stack without layers there are none.

    Without `cross_attention` the decoder has none, as in models that only decode.
    """
    depths = {"encoder": encoder_layers, "decoder": decoder_layers}
    sites = (
        Site(names=names, layout=row.layout)
        for row in TABLE
        for side, layers in depths.items()
        for attentions in [_ATTENTIONS[side] if cross_attention else ("self_attention",)]
        for names in _names(row, side=side, layers=layers, attentions=attentions)
        if layers
    )
    return {site.path: site for site in sites}


def _names(
    row: SiteKind, *, side: str, layers: int, attentions: Sequence[str]
) -> Iterator[tuple[str, ...]]:
    everywhere = (row.kind, f"{side}.{row.kind}")
    if row.one_per == "stack":
        yield everywhere
        return
    for number in range(layers):
        # From the kind to the path: rates can be set for a kind, a stack, a layer or one site.
        in_layer = (*everywhere, f"{side}.{number}.{row.kind}")
        if row.one_per == "layer":
            yield in_layer
            continue
        others = ("feed_forward",) if row.one_per == "sublayer" else ()
        for sublayer in (*attentions, *others):
            yield (*in_layer, f"{side}.{number}.{sublayer}.{row.kind}")
