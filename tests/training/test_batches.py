from __future__ import annotations

from itertools import islice

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from harness.contracts import BOS, EOS, PAD
from harness.errors import HarnessError
from harness.training.batches import EncodedPairs, Order, cut, in_order_of_length

lengths = st.lists(st.tuples(st.integers(1, 12), st.integers(1, 12)), min_size=1, max_size=60)


@given(lengths, st.integers(12, 40), st.integers(0, 3))
def test_an_epoch_holds_every_pair_once_and_no_batch_is_too_large(
    lengths: list[tuple[int, int]], limit: int, epoch: int
) -> None:
    batches = Order(lengths=lengths, batch_tokens=limit, seed=1).epoch(epoch)
    assert sorted(row for batch in batches for row in batch) == list(range(len(lengths)))
    assert all(sum(lengths[row][0] for row in batch) <= limit for batch in batches)


@given(lengths)
def test_every_epoch_has_equally_many_batches(lengths: list[tuple[int, int]]) -> None:
    order = Order(lengths=lengths, batch_tokens=20, seed=1)
    assert len({len(order.epoch(number)) for number in range(4)}) == 1


@given(lengths, st.integers(0, 100))
def test_skipping_batches_is_the_same_as_having_met_them(
    lengths: list[tuple[int, int]], skip: int
) -> None:
    order = Order(lengths=lengths, batch_tokens=20, seed=3)
    met = list(islice(order.batches(), skip, skip + 5))
    assert list(islice(order.batches(skip=skip), 5)) == met


def _many() -> list[tuple[int, int]]:
    return [(1 + row % 9, 1 + row % 7) for row in range(200)]


def test_order_depends_on_seed_replicate_and_epoch() -> None:
    def epoch(*, seed: int = 1, replicate: int = 0, number: int = 0) -> list[list[int]]:
        order = Order(lengths=_many(), batch_tokens=40, seed=seed, replicate=replicate)
        return order.epoch(number)

    assert epoch() == epoch()
    others = [epoch(seed=2), epoch(replicate=1), epoch(number=1)]
    assert all(other != epoch() for other in others)


def test_sentences_of_one_length_meet() -> None:
    batches = Order(lengths=_many(), batch_tokens=40, seed=1).epoch(0)
    widths = [len({_many()[row][0] for row in batch}) for batch in batches]
    assert max(widths) <= 2  # a batch holds one target length, or is where two of them join


def test_a_sentence_longer_than_a_batch_is_named() -> None:
    with pytest.raises(
        HarnessError,
        match="training pair 2, not counting blank ones, has 9 target tokens.*at least 11",
    ):
        cut([0, 1, 2], lengths=[(3, 1), (9, 1), (11, 1)], limit=8)


def _encoded() -> EncodedPairs:
    sources = [torch.tensor([5, EOS]), torch.tensor([6, 7, 8, EOS])]
    targets = [torch.tensor([BOS, 4, EOS]), torch.tensor([BOS, 4, 5, 6, EOS])]
    return EncodedPairs(sources, targets)


def test_a_batch_is_padded_on_the_right_and_knows_its_real_tokens() -> None:
    batch = _encoded().batch([0, 1], device="cpu")
    assert batch.source.tolist() == [[5, EOS, PAD, PAD], [6, 7, 8, EOS]]
    assert batch.target_input.tolist() == [[BOS, 4, EOS, PAD], [BOS, 4, 5, 6]]
    assert batch.target_next.tolist() == [[4, EOS, PAD, PAD], [4, 5, 6, EOS]]
    assert batch.tokens == batch.real.sum() == 6


def test_evaluation_accepts_sentences_longer_than_a_training_batch() -> None:
    assert in_order_of_length(_encoded(), limit=3) == [[0], [1]]
