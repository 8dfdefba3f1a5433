"""Held against Python's own copy, reversal and sorting, and a chi-square test of uniformity."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
from scipy import stats

from harness.contracts import Corpus, Pair
from harness_datasets import Copy
from harness_datasets.reverse import Reverse
from harness_datasets.sequences import Sequences
from harness_datasets.sort import Sort

TASKS: list[type[Sequences]] = [Copy, Reverse, Sort]


def _numbers(line: str) -> list[int]:
    return [int(word) for word in line.split(" ")]


def _pairs(corpus: Corpus) -> list[Pair]:
    return [*corpus.train, *corpus.validation, *corpus.test]


def test_each_task_has_its_targets() -> None:
    targets = {
        task.name: {pair.source: pair.target for pair in _pairs(task(symbols=12).build())}
        for task in TASKS
    }
    for source, target in targets["copy"].items():
        assert target == source
    for source, target in targets["reverse"].items():
        assert target.split(" ") == list(reversed(source.split(" ")))
    for source, target in targets["sort"].items():
        written = _numbers(target)
        assert all(number <= following for number, following in pairwise(written))
        assert Counter(written) == Counter(_numbers(source))
    assert any("10" in line for line in targets["sort"])


def test_test_starts_with_the_counting_sequence() -> None:
    assert Reverse(length=4).build().test[0] == Pair("1 2 3 4", "4 3 2 1")
    assert Sort(length=4).build().test[0] == Pair("1 2 3 4", "1 2 3 4")
    assert Copy(length=6).build().test[0] == Pair("1 2 3 4 5 6", "1 2 3 4 5 6")


@pytest.mark.parametrize("task", TASKS)
def test_no_sequence_occurs_twice_and_splits_have_their_sizes(task: type[Sequences]) -> None:
    corpus = task(symbols=5, length=5, train=200, validation=30, test=20).build()
    assert [len(split) for split in (corpus.train, corpus.validation, corpus.test)] == [200, 30, 20]
    assert len({pair.source for pair in _pairs(corpus)}) == 250


@pytest.mark.parametrize("task", TASKS)
def test_a_larger_train_starts_with_a_smaller_one(task: type[Sequences]) -> None:
    long, short = task(train=90).build(), task(train=40).build()
    assert long.train[:40] == short.train
    assert (long.validation, long.test) == (short.validation, short.test)
    assert task(train=40, draw=1).build().train != short.train


@pytest.mark.parametrize("task", [Reverse, Sort])
def test_every_position_is_uniform(task: type[Sequences]) -> None:
    read = [_numbers(pair.source) for pair in task(symbols=6, length=7, train=2000).build().train]
    for place in range(7):
        counts = Counter(numbers[place] for numbers in read)
        assert set(counts) == set(range(1, 7))
        assert stats.chisquare(list(counts.values())).pvalue > 1e-4


def test_copy_starts_with_1_by_default() -> None:
    assert {pair.source.split(" ")[0] for pair in _pairs(Copy().build())} == {"1"}
    assert {pair.source.split(" ")[0] for pair in _pairs(Reverse(first=3).build())} == {"3"}


def test_the_sequences_of_copy_never_change_between_versions() -> None:
    train = Copy(train=2).build().train
    assert [pair.source for pair in train] == ["1 10 2 9 10 7 4 5 8 1", "1 9 4 6 8 1 9 10 7 3"]


@pytest.mark.parametrize("task", TASKS)
def test_impossible_options_are_errors(task: type[Sequences]) -> None:
    with pytest.raises(ValueError, match="too few to draw 210 different ones"):
        task(symbols=2, length=5, first=None, train=10)
    with pytest.raises(ValueError, match="first must be at most symbols, 4, got 5"):
        task(symbols=4, first=5)
