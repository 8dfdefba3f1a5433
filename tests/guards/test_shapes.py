"""Annotated shapes are checked at runtime in tests: a call with another shape fails."""

from __future__ import annotations

import pytest
import torch

from harness.contracts import Batch


def test_a_wrong_shape_is_refused() -> None:
    tokens = torch.zeros(2, 3, dtype=torch.int64)
    Batch(source=tokens, target=tokens, tokens=4)
    with pytest.raises(TypeError, match="source"):
        Batch(source=tokens[0], target=tokens, tokens=4)


def test_sizes_of_one_name_must_agree() -> None:
    three, two = torch.zeros(3, 3, dtype=torch.int64), torch.zeros(2, 3, dtype=torch.int64)
    with pytest.raises(TypeError, match="target"):
        Batch(source=three, target=two, tokens=4)
