"""Models: the network from token numbers to logits."""

from __future__ import annotations

from collections.abc import Sequence

from harness.components import Architecture
from harness.hookspecs import hookimpl
from harness_models.decoder_only import DecoderOnly
from harness_models.encoder_decoder import EncoderDecoder


@hookimpl
def harness_models() -> Sequence[type[Architecture]]:
    """The models of this package."""
    return [DecoderOnly, EncoderDecoder]
