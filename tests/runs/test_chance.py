"""The nll of word frequencies alone, against counts by hand."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import pytest
from support.encoded import token_rows

from harness.runs.chance import nll_by_chance
from harness.training.batches import EncodedPairs


def pairs(*targets: list[int]) -> EncodedPairs:
    return EncodedPairs(token_rows([]), token_rows(targets))


def test_the_first_token_is_given_and_every_token_counts_once_more() -> None:
    task: Any = SimpleNamespace(
        codecs=SimpleNamespace(target=SimpleNamespace(size=6)),
        train=pairs([1, 4, 4, 2], [1, 4, 2]),  # predicted: 4 three times, 2 twice
        validation=pairs([1, 4, 5, 2]),
    )
    expected = [4 / 11, 1 / 11, 3 / 11]  # of 5 tokens and 6 classes
    assert nll_by_chance(task) == pytest.approx(-sum(map(math.log, expected)) / 3, rel=1e-12)
