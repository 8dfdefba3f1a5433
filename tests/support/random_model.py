"""Small random models in float64, and sentences of uneven lengths for them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from harness.streams import Noise
from harness_models.encoder_decoder import EncoderDecoder
from harness_models.transformer import Transformer

Build = Callable[..., Transformer]


@pytest.fixture
def build() -> Build:
    """Make a model whose every parameter is random; options of its own come by name."""

    def build(*, source_classes: int = 11, target_classes: int = 9, **options) -> Transformer:
        small = {"d_model": 16, "d_ff": 24, "heads": 4, "encoder_layers": 2, "decoder_layers": 3}
        model = Transformer(
            EncoderDecoder(**(small | options)),
            source_classes=source_classes,
            target_classes=target_classes,
        ).double()
        generator = torch.Generator().manual_seed(7)
        for name, parameter in model.named_parameters():
            torch.nn.init.normal_(parameter, std=0.3, generator=generator)
            if name.endswith("norm.weight"):
                parameter.data.add_(1)
        return model

    return build


@pytest.fixture
def source() -> Tensor:
    return torch.tensor([[4, 5, 6, 7, 2], [8, 9, 2, 0, 0], [10, 2, 0, 0, 0]])


@pytest.fixture
def target() -> Tensor:
    """The input of the decoder."""
    return torch.tensor([[1, 4, 5, 6], [1, 7, 8, 0], [1, 4, 0, 0]])


@pytest.fixture
def noise() -> Noise:
    return Noise(seed=1, update=1)


@pytest.fixture
def forward() -> Callable[..., Tensor]:
    """Logits at every target place."""

    def forward(
        model: Transformer, source: Tensor, target: Tensor, noise: Noise | None = None
    ) -> Tensor:
        memory = model.encode(source, noise=noise)
        return model.project(model.decode(model.embed(target), memory, noise=noise))

    return forward
