from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from harness.contracts import BOS
from harness_models.encoder_decoder import EncoderDecoder
from harness_models.transformer import Transformer


@pytest.fixture(scope="session")
def toy() -> Callable[..., Transformer]:
    """Builds a small float64 Transformer from a seed, with outputs far from uniform."""

    def make(seed: int, *, classes: int = 12) -> Transformer:
        options = EncoderDecoder(d_model=8, d_ff=16, heads=2, encoder_layers=1, decoder_layers=2)
        model = Transformer(options, source_classes=12, target_classes=classes).double()
        generator = torch.Generator().manual_seed(seed)
        for parameter in model.parameters():
            std = 0.8 if parameter.ndim > 1 else 0.1
            noise = torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
            parameter.data += std * noise
        return model.requires_grad_(requires_grad=False)

    return make


@pytest.fixture(scope="session")
def sources() -> torch.Tensor:
    generator = torch.Generator().manual_seed(3)
    return torch.randint(4, 12, (6, 5), generator=generator)


@pytest.fixture(scope="session")
def feed() -> Callable[..., torch.Tensor]:
    """Computes the hidden states after bos and every token of one sentence, without a cache."""

    def states(model: Transformer, source: torch.Tensor, written: list[int]) -> torch.Tensor:
        embedded = model.embed(torch.tensor([[BOS, *written]]))
        return model.decode(embedded, model.encode(source[None]))[0]

    return states
