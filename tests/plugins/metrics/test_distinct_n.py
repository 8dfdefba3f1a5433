"""Held against n-grams counted by hand and a set of slices."""

from __future__ import annotations

import random

import pytest

from harness_metrics.distinct_n import DistinctN

SIGNATURE = "n:2|of:ngrams|case:mixed|tok:13a|unit:percent"


@pytest.mark.parametrize(
    ("n", "distinct", "written"),
    [(1, 4, 12), (2, 4, 8), (3, 4, 5)],  # a b c d; ab bc ca bd; abc bca cab abd
)
def test_the_score_is_a_percentage_of_ngrams_counted_by_hand(n, distinct, written) -> None:
    score = DistinctN(n=n).build()(["a b c a b", "a b d", "b c a", "a"], [""] * 4)
    assert score.value == pytest.approx(100 * distinct / written)


def test_the_score_equals_one_from_slices_of_all_lines() -> None:
    choose = random.Random(5)
    lines = [choose.choices("abcde", k=choose.randint(0, 9)) for _ in range(40)]
    slices = ["".join(line[i : i + 3]) for line in lines for i in range(len(line) - 2)]
    score = DistinctN(n=3).build()([" ".join(line) for line in lines], [""] * 40)
    assert score.value == pytest.approx(100 * len(set(slices)) / len(slices))
    assert 5 < score.value < 95


def test_no_ngram_crosses_from_a_line_to_the_next() -> None:
    assert DistinctN().build()(["a", "b", ""], ["", "", ""]) == (0.0, SIGNATURE)


def test_case_makes_another_word_and_a_mark_is_a_word() -> None:
    assert DistinctN(n=1).build()(["The the. the."], [""]).value == pytest.approx(100 * 3 / 5)


def test_a_line_written_again_and_again_is_less_varied() -> None:
    score = DistinctN().build()
    varied, same = ["a b c", "d e f", "g h i"], ["a b c"] * 3
    assert score(varied, varied) == (100.0, SIGNATURE)
    assert score(same, varied).value == pytest.approx(100 / 3)
