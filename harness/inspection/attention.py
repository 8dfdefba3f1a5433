"""What attention looks at in a model, and what it may look at: read at the model's own sites."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial

import torch
from jaxtyping import Int

from harness.contracts import Model

_KIND = "attention.weights"


@torch.no_grad()
def attention(
    model: Model,
    source: Int[torch.Tensor, "sentences source"],
    *,
    target: Int[torch.Tensor, "sentences target"],
) -> Mapping[str, torch.Tensor]:
    """The attention weights of one pass without noise, by the place of the attention.

    A place is such as ``decoder.1.cross_attention``. `target` is what the decoder reads, bos first.
    Weights are shaped (sentences, heads, places that look, places looked at); what one query takes
    of every value sums to 1. They are read at the sites ``attention.weights``, after whatever else
    changes them, and left as they are.
    """
    with _watched(model) as seen:
        model.decode(model.embed(target), model.encode(source))
    return seen


@contextmanager
def _watched(model: Model) -> Iterator[dict[str, torch.Tensor]]:
    """While it lasts, the sites of attention weights note what they are given."""
    seen: dict[str, torch.Tensor] = {}

    def note(value: torch.Tensor, *, place: str) -> torch.Tensor:
        seen[place] = value.clone()
        return value

    sites = [site for site in model.sites.values() if site.kind == _KIND]
    for site in sites:
        site.alter(partial(note, place=site.path.removesuffix(f".{_KIND}")))
    try:
        yield seen
    finally:
        for site in sites:
            site.transforms.pop()
