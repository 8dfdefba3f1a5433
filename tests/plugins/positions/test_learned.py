"""Held against rows of a table, and a gradient that counts how often each was read."""

from __future__ import annotations

import pytest
import torch

from harness.components.positions import Places
from harness.errors import HarnessError
from harness_positions.learned import Learned

CPU = torch.device("cpu")


def test_a_place_adds_its_row_and_passes_its_gradient_to_it() -> None:
    code = Learned(places=6).build(4, heads=2).double()
    code.weight.data = torch.arange(24.0).double().view(6, 4)
    vectors = torch.ones(2, 3, 4, dtype=torch.float64)
    embedded = code.embed(vectors, places=Places.run(3, first=2, device=CPU))
    assert torch.equal(embedded, 1 + torch.arange(8.0, 20).double().view(1, 3, 4).expand(2, 3, 4))
    embedded.sum().backward()
    assert code.weight.grad[:, 0].tolist() == [0, 0, 2, 2, 2, 0]


def test_a_sentence_beyond_the_table_is_refused() -> None:
    code = Learned(places=6).build(4, heads=2)
    with pytest.raises(
        HarnessError, match=r"a sentence has 7 places, the table 6; raise positions"
    ):
        code.embed(torch.ones(1, 3, 4), places=Places.run(3, first=4, device=CPU))
    numbers = torch.tensor([[0, 1, 5]])  # with padding between them, which only `end` counts
    assert code.embed(torch.ones(1, 3, 4), places=Places(numbers, 7)).shape == (1, 3, 4)
