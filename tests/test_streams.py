from __future__ import annotations

import hashlib
import json

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from harness import streams
from harness.streams import Noise


def test_a_key_is_the_first_63_bits_of_a_sha256_over_its_parts() -> None:
    digest = hashlib.sha256(b'[3,"init","a.weight"]').digest()
    assert streams.key(3, "init", "a.weight") == int.from_bytes(digest[:8], "big") // 2


def test_neighboring_seeds_and_updates_share_no_key() -> None:
    keys = {streams.key(seed, "dropout", update) for seed in range(50) for update in range(50)}
    assert len(keys) == 2500


@given(st.lists(st.one_of(st.integers(), st.text()), max_size=4))
def test_a_key_fits_a_generator(names: list[int | str]) -> None:
    assert 0 <= streams.key(1, "policy", *names) < 2**63
    json.dumps(names)


def test_a_member_of_an_evaluation_has_its_own_stream() -> None:
    training = Noise(seed=1, update=7)
    member = Noise(seed=1, update=7, stream="members")
    assert (training.training, member.training) == (True, False)
    assert not torch.equal(training.keep("a", (100,), 0.5), member.keep("a", (100,), 0.5))
    assert torch.equal(training.uniform("a", (9,)), member.uniform("a", (9,)))  # policy's own


def test_a_draw_depends_on_its_key_alone() -> None:
    noise = Noise(seed=1, update=7)
    alone = noise.keep("decoder.0.residual", (4, 5), 0.3)
    torch.rand(1000)
    noise.keep("encoder.0.residual", (999,), 0.3)
    assert torch.equal(noise.keep("decoder.0.residual", (4, 5), 0.3), alone)


@pytest.mark.parametrize(
    "other",
    [
        Noise(seed=2, update=7),
        Noise(seed=1, update=8),
        Noise(seed=1, update=7, replicate=1),
        Noise(seed=1, update=7, micro_batch=1),
        Noise(seed=1, update=7).of_pass("first"),
        Noise(seed=1, update=7).of_pass("first").of_pass("first"),
    ],
)
def test_every_part_of_the_key_changes_the_mask(other: Noise) -> None:
    mask = Noise(seed=1, update=7).keep("a", (10_000,), 0.5)
    agreement = (other.keep("a", (10_000,), 0.5) == mask).double().mean()
    assert abs(agreement - 0.5) < 0.03  # 6 standard deviations of an independent mask


@pytest.mark.parametrize("rate", [0.0, 0.001, 0.1, 0.5, 0.9])
def test_the_dropped_share_equals_the_rate(rate: float) -> None:
    count = 400_000
    dropped = (~Noise(seed=5, update=1).keep("a", (count,), rate)).sum().item()
    assert abs(dropped - rate * count) <= 5 * (rate * (1 - rate) * count) ** 0.5 + count * 2**-16


def test_every_bit_position_of_a_random_word_is_unbiased() -> None:
    keep = Noise(seed=5, update=1).keep("a", (100_000, 4), 0.25)
    shares = keep.double().mean(0)
    assert (shares - 0.75).abs().max() < 0.007  # 5 standard deviations
    pairs = torch.corrcoef(keep.double().T)
    assert (pairs - torch.eye(4)).abs().max() < 0.016


def test_masks_of_one_site_are_nested() -> None:
    noise = Noise(seed=5, update=1)
    low, high = noise.keep("a", (100_000,), 0.1), noise.keep("a", (100_000,), 0.3)
    assert not (high & ~low).any()


@given(st.lists(st.integers(0, 5), min_size=1, max_size=4))
def test_masks_of_any_shape(shape: list[int]) -> None:
    assert Noise(seed=1, update=1).keep("a", shape, 0.5).shape == tuple(shape)
