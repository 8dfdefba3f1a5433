"""Held against the tokens of a sentence in another order."""

from __future__ import annotations

import pytest
import torch
from support.decoder_stack import DecoderStack, filled

from harness.components.sinusoidal import Sinusoidal
from harness_models.encoder_decoder import EncoderDecoder
from harness_positions.alibi import Alibi
from harness_positions.none import NoPositions
from harness_positions.rotary import Rotary

ORDER = torch.tensor([3, 1, 4, 0, 2])
VECTORS = torch.randn(2, 5, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


def moved(positions: object, *, causal: bool) -> bool:
    """Check that states are more than reordered when the tokens are."""
    options = EncoderDecoder(d_model=8, d_ff=8, heads=2, layers=2, positions=positions)
    stack = filled(DecoderStack(options)).double()
    states, others = (stack(x, causal=causal) for x in (VECTORS, VECTORS[:, ORDER]))
    return not torch.allclose(states[:, ORDER], others, rtol=0, atol=1e-12)


def test_without_them_a_sentence_is_the_set_of_its_tokens_but_for_a_causal_mask() -> None:
    assert not moved(NoPositions(), causal=False)
    assert moved(NoPositions(), causal=True)


@pytest.mark.parametrize("positions", [Sinusoidal(), Rotary(), Alibi()])
def test_with_others_the_order_counts(positions: object) -> None:
    assert moved(positions, causal=False)
