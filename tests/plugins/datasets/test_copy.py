"""Held against the definition of the task and its loss at chance, ln 10 per number."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace

import pytest

from harness_datasets.copy import Copy

DEFAULT = Copy()


def lines(copy: Copy) -> list[str]:
    corpus = copy.build()
    return [
        pair.source for split in (corpus.train, corpus.validation, corpus.test) for pair in split
    ]


def test_the_target_is_the_source() -> None:
    corpus = Copy(train=50).build()
    for pair in [*corpus.train, *corpus.validation, *corpus.test]:
        assert pair.target == pair.source


def test_the_counting_sequence_starts_test_and_is_never_in_train() -> None:
    corpus = DEFAULT.build()
    assert corpus.test[0].source == "1 2 3 4 5 6 7 8 9 10"
    assert "1 2 3 4 5 6 7 8 9 10" not in {pair.source for pair in corpus.train}
    assert Copy(symbols=4).build().test[0].source == "1 2 3 4 1 2 3 4 1 2"


def test_no_sequence_occurs_twice() -> None:
    sources = lines(DEFAULT)
    assert len(set(sources)) == len(sources) == 4000 + 100 + 100
    crowded = lines(Copy(symbols=2, length=9, train=100, validation=14, test=14))
    assert len(set(crowded)) == len(crowded) == 128


def test_numbers_are_uniform_except_the_first() -> None:
    rows = [line.split() for line in lines(DEFAULT)]
    assert {len(row) for row in rows} == {10}
    assert {row[0] for row in rows} == {"1"}
    for place in range(1, 10):
        counts = Counter(row[place] for row in rows)
        assert set(counts) == {str(number) for number in range(1, 11)}
        expected = len(rows) / 10
        chi_square = sum((count - expected) ** 2 / expected for count in counts.values())
        assert chi_square < 27.88  # the 99.9th percentile at 9 degrees of freedom


def test_the_documented_loss_at_chance_is_right() -> None:
    assert Copy.__doc__ is not None
    assert f"{9 * math.log(10) / 11:.2f}" in Copy.__doc__


def test_with_first_null_the_first_number_is_uniform_too() -> None:
    firsts = Counter(line.split()[0] for line in lines(replace(DEFAULT, first=None)))
    assert len(firsts) == 10
    assert max(firsts.values()) < 2 * min(firsts.values())


def test_another_first_number_rules_out_the_counting_sequence() -> None:
    corpus = Copy(first=3).build()
    assert {pair.source.split()[0] for pair in corpus.test} == {"3"}


def test_a_larger_train_starts_with_a_smaller_one_and_leaves_the_rest() -> None:
    short, long = Copy(train=300).build(), Copy(train=2000).build()
    assert short.train == long.train[:300]
    assert (short.validation, short.test) == (long.validation, long.test)


def test_another_draw_is_another_corpus() -> None:
    assert len(set(lines(DEFAULT)) & set(lines(replace(DEFAULT, draw=1)))) < 20


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"first": 11}, "first must be at most symbols, 10, got 11"),
        ({"symbols": 2, "length": 5}, "give 16 sequences, too few to draw 4200 different ones"),
        ({"length": 1}, "give 1 sequences"),
    ],
)
def test_impossible_options_are_errors(options: dict[str, int], fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        Copy(**options)
