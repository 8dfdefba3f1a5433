"""Held against the tokens of a sentence in another order."""

from __future__ import annotations

import pytest
import torch

from harness.components.sinusoidal import Sinusoidal
from harness_positions.alibi import Alibi
from harness_positions.none import NoPositions
from harness_positions.rotary import Rotary

ORDER = torch.tensor([3, 1, 4, 0, 2])
TOKENS = torch.tensor([[4, 5, 6, 7, 8], [8, 8, 4, 5, 4]])
exact = {"rtol": 0.0, "atol": 1e-12}


def test_to_an_encoder_a_sentence_is_the_set_of_its_tokens(build) -> None:
    model = build(positions=NoPositions())
    states, others = (model.encode(tokens).states for tokens in (TOKENS, TOKENS[:, ORDER]))
    torch.testing.assert_close(others, states[:, ORDER], **exact)


def test_a_causal_mask_tells_the_order_in_a_decoder(build) -> None:
    model = build(positions=NoPositions())
    memory = model.encode(TOKENS)
    states, others = (
        model.decode(model.embed(tokens), memory) for tokens in (TOKENS, TOKENS[:, ORDER])
    )
    assert not torch.isclose(others, states[:, ORDER], **exact).all(-1).any()


@pytest.mark.parametrize("positions", [Sinusoidal(), Rotary(), Alibi()])
def test_with_others_the_order_counts_in_an_encoder_too(build, positions) -> None:
    model = build(positions=positions)
    states, others = (model.encode(tokens).states for tokens in (TOKENS, TOKENS[:, ORDER]))
    assert not torch.isclose(others, states[:, ORDER], **exact).all(-1).any()
