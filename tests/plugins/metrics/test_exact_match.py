"""Held against lines counted by hand."""

from __future__ import annotations

import pytest

from harness_metrics.exact_match import ExactMatch


def test_the_score_is_a_percentage_of_equal_lines() -> None:
    score = ExactMatch().build()(["1 2 3", "1 2", "", "9"], ["1 2 3", "1 2 3", "", "8"])
    assert score == (50.0, "nrefs:1|case:mixed|unit:percent")


@pytest.mark.parametrize("almost", ["A man.", "a man", "a man. ", " a man.", "a  man."])
def test_every_character_counts(almost: str) -> None:
    assert ExactMatch().build()([almost], ["a man."]).value == 0
