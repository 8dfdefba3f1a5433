from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from harness.contracts import PAD, Batch, Setting
from harness_models.encoder_decoder import EncoderDecoder
from harness_models.transformer import Transformer

CLASSES = 12


@pytest.fixture
def setting() -> Setting:
    return Setting(seed=1, classes=CLASSES, d_model=8, updates=100)


@pytest.fixture
def transformer() -> Callable[[], Transformer]:
    """Makes small Transformers in float64, all with the same weights, far from uniform outputs."""

    def make() -> Transformer:
        options = EncoderDecoder(d_model=8, d_ff=16, heads=2, encoder_layers=1, decoder_layers=2)
        model = Transformer(options, source_classes=CLASSES, target_classes=CLASSES).double()
        generator = torch.Generator().manual_seed(7)
        for parameter in model.parameters():
            std = 0.8 if parameter.ndim > 1 else 0.1
            noise = torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
            parameter.data += std * noise
        return model

    return make


@pytest.fixture
def batch() -> Batch:
    """Four sentences of four lengths."""
    target = torch.tensor(
        [
            [1, 4, 5, 6, 7, 8, 2],
            [1, 9, 9, 9, 4, 2, 0],
            [1, 11, 10, 2, 0, 0, 0],
            [1, 2, 0, 0, 0, 0, 0],
        ]
    )
    source = torch.tensor([[4, 5, 6, 2], [7, 8, 2, 0], [9, 2, 0, 0], [10, 11, 4, 2]])
    return Batch(source=source, target=target, tokens=int((target[:, 1:] != PAD).sum()))
