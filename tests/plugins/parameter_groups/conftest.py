from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import pytest

from harness_models.encoder_decoder import EncoderDecoder
from harness_models.transformer import Transformer

# From the top: the order of the paper on few-sample BERT, extended to an encoder-decoder.
ORDER = (
    ("projection",),
    ("decoder.2", "decoder_norm"),
    ("decoder.1",),
    ("decoder.0",),
    ("encoder.1", "encoder_norm"),
    ("encoder.0",),
    ("source_embedding", "target_embedding"),
)


@pytest.fixture
def names() -> Callable[..., list[str]]:
    """The parameters of a Transformer with two layers in the encoder and three in the decoder."""

    def names(*, tie: Literal["none", "target", "all"] = "none") -> list[str]:
        options = EncoderDecoder(
            d_model=8, d_ff=8, heads=2, encoder_layers=2, decoder_layers=3, tie=tie
        )
        model = Transformer(options, source_classes=9, target_classes=9)
        return [name for name, _ in model.named_parameters()]

    return names


@pytest.fixture
def below() -> Callable[[str], int]:
    """The depth of a parameter's layer below the top, by a table."""

    def below(name: str) -> int:
        return next(
            number
            for number, starts in enumerate(ORDER)
            if any(name.startswith(f"{start}.") for start in starts)
        )

    return below
