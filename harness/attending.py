"""What attention looks at in a model, and what it may look at: read at the model's own sites."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from jaxtyping import Int

from harness.contracts import Model, Site
from harness.streams import Noise

_KIND = "attention.weights"
_SAME = 1e-3  # how far the written-out arithmetic may be from the fused one, in float32


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
    of every value sums to 1. They are read by an effect on the sites ``attention.weights``, which
    changes nothing; all other effects are off meanwhile.
    """
    plain = model.decode(model.embed(target), model.encode(source))
    with _watched(model) as seen:
        noise = Noise(seed=0, update=0, device=str(source.device))
        memory = model.encode(source, noise=noise)
        hidden = model.decode(model.embed(target), memory, noise=noise)
    assert torch.allclose(hidden, plain, rtol=_SAME, atol=_SAME), "watching must change nothing"
    return seen


@contextmanager
def _watched(model: Model) -> Iterator[dict[str, torch.Tensor]]:
    """While it lasts, sites of attention weights note what they are given, and no other acts."""
    seen: dict[str, torch.Tensor] = {}

    def note(value: torch.Tensor, site: Site, noise: Noise) -> torch.Tensor:
        seen[site.path.removesuffix(f".{_KIND}")] = value.detach().clone()
        return value

    before = {path: list(site.effects) for path, site in model.sites.items()}
    for site in model.sites.values():
        site.effects[:] = [note] if site.kind == _KIND else []
    try:
        yield seen
    finally:
        for path, effects in before.items():
            model.sites[path].effects[:] = effects
