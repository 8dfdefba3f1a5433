"""A figure of the attention masks of a padded sentence, read from the model itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import torch

from harness.contracts import BOS, EOS, PAD, SPECIAL_TOKENS, Vocabularies
from harness.introspection.attention import attention
from harness.introspection.heatmap import Map, Shades, draw_maps
from harness.loading.component_text import parse_component
from harness.registry.catalog import Catalog
from harness.registry.discovery import discover
from harness.training.network import build_model

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_WORD = len(SPECIAL_TOKENS)  # any token that is not special


def labels(source: Sequence[str], *, target: Sequence[str], padding: int) -> tuple[list[str], ...]:
    """The inputs of encoder and decoder: words, eos or bos, and `padding` places of padding."""
    pads = [SPECIAL_TOKENS[PAD]] * padding
    return (
        [*source, SPECIAL_TOKENS[EOS], *pads],
        [SPECIAL_TOKENS[BOS], *target, *pads],
    )


def masks(
    source: Sequence[str], *, target: Sequence[str], padding: int
) -> Mapping[str, torch.Tensor]:
    """The masks by attention, True where attention is allowed; queries in rows, keys in columns.

    They are read from a forward pass of a model whose weights are 0, so that attention is uniform
    over all visible keys. Padding of the target comes last, so that the causal mask already hides
    it from every real token.
    """
    options = "{d_model: 2, d_ff: 2, heads: 1, layers: 1}"  # masks have no width
    chosen = parse_component(options, slot="model", catalog=Catalog.of(discover()))
    model = build_model(chosen, vocabularies=Vocabularies(_WORD + 1, _WORD + 1))
    pads = [PAD] * padding
    source_tokens = torch.tensor([[*(_WORD for _ in source), EOS, *pads]])
    target_tokens = torch.tensor([[BOS, *(_WORD for _ in target), *pads]])
    weights = attention(model, source_tokens, target=target_tokens)
    return {module: matrix[0, 0] > 0 for module, matrix in weights.items()}


def draw_masks(source: Sequence[str], *, target: Sequence[str], padding: int) -> Figure:
    """A map for each of the three attentions, dark where attention is allowed."""
    read, fed = labels(source, target=target, padding=padding)
    panels = {
        "encoder.0.self_attention": ("encoder self-attention: padding", read, read),
        "decoder.0.self_attention": ("decoder self-attention: causal", fed, fed),
        "decoder.0.cross_attention": ("cross-attention: padding of the source", fed, read),
    }
    allowed = masks(source, target=target, padding=padding)
    maps = [
        Map(title, rows, columns, allowed[module].float().tolist(), "looks from", "looks at")
        for module, (title, rows, columns) in panels.items()
    ]
    return draw_maps(
        maps,
        shades=Shades(darkest=1.0, form=None),
        title="What each place may look at (dark), as the model has it",
        columns=3,
        cell=(0.3, 0.3),
    )
