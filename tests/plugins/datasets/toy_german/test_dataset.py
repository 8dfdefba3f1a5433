"""Held against a second build and, in the modules next to this one, sentences by hand."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest
from pydantic import TypeAdapter, ValidationError

from harness.contracts import Corpus, Pair
from harness_datasets.toy_german.dataset import ToyGerman
from harness_datasets.toy_german.sentences import Sort

ROOT = Path(__file__).parents[4]
SMALL = ToyGerman(train=100, validation=50, test=50)


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return ToyGerman(train=3000, validation=1000, test=1000).build()


def splits(corpus: Corpus) -> list[list[Pair]]:
    return [corpus.train, corpus.validation, corpus.test]


def test_splits_have_the_requested_sizes(corpus: Corpus) -> None:
    assert [len(split) for split in splits(corpus)] == [3000, 1000, 1000]


@pytest.mark.parametrize("side", ["source", "target"])
def test_no_sentence_occurs_twice_in_all_splits(corpus: Corpus, side: str) -> None:
    lines = [getattr(pair, side) for split in splits(corpus) for pair in split]
    assert len(set(lines)) == len(lines) == 5000


def test_each_split_starts_with_any_smaller_one_independently_of_the_others(corpus: Corpus) -> None:
    for train, validation, test in ((400, 200, 200), (7, 900, 30), (900, 3, 800)):
        shorter = ToyGerman(train=train, validation=validation, test=test).build()
        assert shorter.train == corpus.train[:train]
        assert shorter.validation == corpus.validation[:validation]
        assert shorter.test == corpus.test[:test]


def test_a_sort_is_a_subset_with_the_same_assignment_to_splits(corpus: Corpus) -> None:
    sorts = {sort: replace(SMALL, sort=sort).build() for sort in get_args(Sort)}
    for sort, subset in sorts.items():
        sources = [pair.source for split in splits(subset) for pair in split]
        assert all(source.endswith("?") for source in sources) == (sort == "questions")
        assert all("," in source for source in sources) == (sort == "compounds")
        assert len(set(sources)) == 200
        for split, own in zip(splits(corpus), splits(subset), strict=True):
            others = [pair for other in splits(corpus) if other is not split for pair in other]
            assert not set(own) & set(others)
    assert not set(sorts["questions"].train) & set(sorts["statements"].train)


def test_another_draw_is_another_corpus() -> None:
    first, second = (set(replace(SMALL, draw=draw).build().train) for draw in (0, 1))
    assert len(first & second) < 10


def test_splits_share_one_vocabulary(corpus: Corpus) -> None:
    known = {word for pair in corpus.train for word in pair.source.split()}
    words = [word for pair in corpus.test for word in pair.source.split()]
    assert sum(word in known for word in words) > 0.99 * len(words)


@pytest.mark.parametrize("hashing", ["0", "1"])
def test_every_process_generates_the_same_sentences(hashing: str) -> None:
    code = (
        f"import sys; sys.path[:0] = {[str(ROOT), str(ROOT / 'plugins')]!r}\n"
        "from harness.cli.lazy_imports import defer\ndefer('torch')\n"
        "from harness_datasets.toy_german.dataset import ToyGerman\n"
        "print(ascii(ToyGerman(train=100, validation=50, test=50).build()))"
    )
    environment = {**os.environ, "PYTHONHASHSEED": hashing}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, check=True, capture_output=True, text=True
    )
    assert done.stdout.strip() == ascii(SMALL.build())


@pytest.mark.parametrize("options", ['{"train": 0}', '{"test": 100001}', '{"draw": -1}'])
def test_options_out_of_bounds_are_errors(options: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(ToyGerman).validate_json(options)
