"""Held against scikit-learn's accuracy over padded lines, and places counted by hand."""

from __future__ import annotations

import random
from itertools import zip_longest

import pytest
from sklearn.metrics import accuracy_score

from harness_metrics.accuracy import Accuracy

SIGNATURE = "nrefs:1|case:mixed|tok:13a|unit:percent"


@pytest.mark.parametrize(
    ("written", "gold", "equal", "places"),
    [
        ("a b c", "a b c", 3, 3),
        ("a b", "a b c", 2, 3),  # a missing word
        ("a b c d", "a b c", 3, 4),  # one too many
        ("x a b c", "a b c", 0, 4),  # all are moved
        ("A b.", "a b .", 2, 3),  # case counts, and a mark is a word
        ("", "a", 0, 1),
    ],
)
def test_the_score_is_a_percentage_of_places_counted_by_hand(written, gold, equal, places) -> None:
    assert Accuracy().build()([written], [gold]) == (pytest.approx(100 * equal / places), SIGNATURE)


def test_the_score_equals_that_of_scikit_learn_over_lines_padded_to_one_length() -> None:
    choose = random.Random(3)
    written, gold = (
        [choose.choices("abc", k=choose.randint(0, 9)) for _ in range(50)] for _ in range(2)
    )
    places = [
        place
        for lines in zip(written, gold, strict=True)
        for place in zip_longest(*lines, fillvalue="-")
    ]
    expected = 100 * accuracy_score(*zip(*places, strict=True))
    lines = [" ".join(words) for words in written], [" ".join(words) for words in gold]
    assert Accuracy().build()(*lines).value == pytest.approx(expected)
    assert 10 < expected < 40
    sentences = Accuracy().by_sentence()
    sums = [sum(column) for column in zip(*sentences.statistics(*lines), strict=True)]
    assert sentences.score(sums) == pytest.approx(expected)


def test_lines_without_words_have_no_error() -> None:
    assert Accuracy().build()(["", ""], ["", ""]).value == 100
