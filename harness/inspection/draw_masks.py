"""What attention may look at in a padded sentence, as the model itself has it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import torch

from harness.contracts import BOS, EOS, PAD, SPECIAL_TOKENS
from harness.inspection.attention import attention
from harness.inspection.heatmap import Map, Shades, draw_maps
from harness.model import Transformer
from harness.study.experiment import ModelOptions

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_WORD = len(SPECIAL_TOKENS)  # any token that is not special


def labels(source: Sequence[str], *, target: Sequence[str], padding: int) -> tuple[list[str], ...]:
    """What encoder and decoder read: words, eos or bos, and so many places of padding."""
    pads = [SPECIAL_TOKENS[PAD]] * padding
    return (
        [*source, SPECIAL_TOKENS[EOS], *pads],
        [SPECIAL_TOKENS[BOS], *target, *pads],
    )


def masks(
    source: Sequence[str], *, target: Sequence[str], padding: int
) -> Mapping[str, torch.Tensor]:
    """Which places each place may look at, by attention; rows look, columns are looked at.

    They are read from a forward pass of a model without weights, where attention is even over all
    that may be seen. Padding of the target comes last, so that the causal mask hides it from every
    real token, and nothing else need.
    """
    options = ModelOptions(d_model=2, d_ff=2, heads=1, layers=1)
    model = Transformer(options, source_classes=_WORD + 1, target_classes=_WORD + 1)
    pads = [PAD] * padding
    read = torch.tensor([[*(_WORD for _ in source), EOS, *pads]])
    fed = torch.tensor([[BOS, *(_WORD for _ in target), *pads]])
    seen = attention(model, read, target=fed)
    return {place: weights[0, 0] > 0 for place, weights in seen.items()}


def draw_masks(source: Sequence[str], *, target: Sequence[str], padding: int) -> Figure:
    """A map for each of the three attentions: dark where a place may look."""
    read, fed = labels(source, target=target, padding=padding)
    sides = {
        "encoder.0.self_attention": ("encoder self-attention: padding", read, read),
        "decoder.0.self_attention": ("decoder self-attention: causal", fed, fed),
        "decoder.0.cross_attention": ("cross-attention: padding of the source", fed, read),
    }
    seen = masks(source, target=target, padding=padding)
    maps = [
        Map(title, rows, columns, seen[place].float().tolist(), "looks from", "looks at")
        for place, (title, rows, columns) in sides.items()
    ]
    return draw_maps(
        maps,
        shades=Shades(darkest=1.0, form=None),
        title="What each place may look at (dark), as the model has it",
        columns=3,
        cell=(0.3, 0.3),
    )
