from __future__ import annotations

import hashlib
import json
from itertools import islice

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from support.encoded import token_rows

from harness import streams
from harness.contracts import BOS, EOS, PAD
from harness.errors import HarnessError
from harness.training.batches import EncodedPairs, Order, cut, in_order_of_length

PairLengths = list[tuple[int, int]]

lengths = st.lists(st.tuples(st.integers(1, 12), st.integers(1, 12)), min_size=1, max_size=60)


def _order(lengths: PairLengths, *, limit: int, seed: int = 1, replicate: int = 0) -> Order:
    return Order(lengths=np.array(lengths), batch_tokens=limit, seed=seed, replicate=replicate)


def _lists(batches: list[np.ndarray]) -> list[list[int]]:
    return [batch.tolist() for batch in batches]


def _epoch_by_lists(order: Order, *, number: int) -> list[list[int]]:
    """An epoch as Python lists make it, sentence by sentence."""
    lengths = [tuple(pair) for pair in order.lengths.tolist()]
    generator = streams.generator(order.seed, "order", order.replicate, number)
    shuffled = torch.randperm(len(lengths), generator=generator).tolist()
    batches: list[list[int]] = []
    tokens = order.batch_tokens
    for row in sorted(shuffled, key=lengths.__getitem__):
        if tokens + lengths[row][0] > order.batch_tokens:
            batches.append([])
            tokens = 0
        batches[-1].append(row)
        tokens += lengths[row][0]
    places = torch.randperm(len(batches), generator=generator).tolist()
    return [batches[place] for place in places]


@given(lengths, st.integers(12, 40), st.integers(0, 3))
def test_an_epoch_is_the_one_that_lists_make_and_so_is_its_digest(
    lengths: PairLengths, limit: int, number: int
) -> None:
    order = _order(lengths, limit=limit)
    expected = _epoch_by_lists(order, number=number)
    assert _lists(order.epoch(number)) == expected
    written = hashlib.sha256(json.dumps(expected).encode()).hexdigest()[:16]
    assert order.digest(number) == written


def test_lengths_beyond_16_bits_are_sorted_too() -> None:
    many = [(1 + row % 300, 1 + 9999 * (row % 2)) for row in range(900)]
    order = _order(many, limit=400)
    assert _lists(order.epoch(0)) == _epoch_by_lists(order, number=0)


@given(lengths, st.integers(12, 40), st.integers(0, 3))
def test_an_epoch_holds_every_pair_once_and_no_batch_is_too_large(
    lengths: PairLengths, limit: int, epoch: int
) -> None:
    batches = _order(lengths, limit=limit).epoch(epoch)
    assert sorted(row for batch in batches for row in batch) == list(range(len(lengths)))
    assert all(sum(lengths[row][0] for row in batch) <= limit for batch in batches)


@given(lengths)
def test_every_epoch_has_equally_many_batches(lengths: PairLengths) -> None:
    order = _order(lengths, limit=20)
    assert {len(order.epoch(number)) for number in range(4)} == {order.epoch_batches}


@given(lengths, st.integers(0, 100))
def test_skipping_batches_is_the_same_as_having_met_them(lengths: PairLengths, skip: int) -> None:
    order = _order(lengths, limit=20, seed=3)
    met = _lists([*islice(order.batches(), skip, skip + 5)])
    assert _lists([*islice(order.batches(skip=skip), 5)]) == met


def _many() -> PairLengths:
    return [(1 + row % 9, 1 + row % 7) for row in range(200)]


def test_order_depends_on_seed_replicate_and_epoch() -> None:
    def epoch(*, seed: int = 1, replicate: int = 0, number: int = 0) -> list[list[int]]:
        order = _order(_many(), limit=40, seed=seed, replicate=replicate)
        return _lists(order.epoch(number))

    assert epoch() == epoch()
    others = [epoch(seed=2), epoch(replicate=1), epoch(number=1)]
    assert all(other != epoch() for other in others)


def test_sentences_of_one_length_meet() -> None:
    batches = _order(_many(), limit=40).epoch(0)
    widths = [len({_many()[row][0] for row in batch}) for batch in batches]
    assert max(widths) <= 2  # a batch holds one target length, or is where two of them join


def test_a_sentence_longer_than_a_batch_is_named() -> None:
    with pytest.raises(
        HarnessError,
        match="training pair 2, not counting blank ones, has 9 target tokens.*at least 11",
    ):
        cut(np.arange(3), lengths=np.array([(3, 1), (9, 1), (11, 1)]), limit=8)


def _encoded() -> EncodedPairs:
    sources = token_rows([[5, EOS], [6, 7, 8, EOS]])
    return EncodedPairs(sources, token_rows([[BOS, 4, EOS], [BOS, 4, 5, 6, EOS]]))


def test_a_batch_is_padded_on_the_right_and_knows_its_real_tokens() -> None:
    batch = _encoded().batch([0, 1], device="cpu")
    assert batch.source.tolist() == [[5, EOS, PAD, PAD], [6, 7, 8, EOS]]
    assert batch.target_input.tolist() == [[BOS, 4, EOS, PAD], [BOS, 4, 5, 6]]
    assert batch.target_next.tolist() == [[4, EOS, PAD, PAD], [4, 5, 6, EOS]]
    assert batch.tokens == batch.real.sum() == 6


def test_evaluation_accepts_sentences_longer_than_a_training_batch() -> None:
    assert _lists(in_order_of_length(_encoded(), limit=3)) == [[0], [1]]
