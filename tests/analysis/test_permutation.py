from __future__ import annotations

import ast
import itertools
from pathlib import Path

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from harness import analysis, streams
from harness.analysis.permutation import (
    EXACT_UP_TO,
    FLIPS,
    JOINT_EXACT_UP_TO,
    _stream_key,
    max_t_p,
    sign_flip_floor,
    sign_flip_p,
)

# Darwin's maize: crossed minus self-fertilised, in eighths of an inch (Fisher 1935).
MAIZE = [float(x) for x in (6, 8, 14, 16, 23, 24, 28, 29, 41, -48, 49, 56, 60, -67, 75)]


def test_the_maize_is_darwins() -> None:
    theirs = scipy.stats.wilcoxon(MAIZE)
    assert (theirs.statistic, theirs.pvalue) == (24, 0.041259765625)


def test_sign_flip_of_darwins_maize_is_the_published_one() -> None:
    assert sign_flip_p(MAIZE) == 1726 / 2**15  # 0.05267334


@given(st.lists(st.integers(-3, 3) | st.integers(-(2**17), 2**17), min_size=2, max_size=10))
def test_sign_flip_is_scipys_exact_permutation_test(whole: list[int]) -> None:
    values = [value / 2**10 for value in whole]  # their sums are exact, and so are their ties
    theirs = scipy.stats.permutation_test(
        (values,), np.sum, permutation_type="samples", n_resamples=np.inf
    )
    assert sign_flip_p(values) == pytest.approx(theirs.pvalue, abs=1e-12)


@pytest.mark.parametrize("values", [[0.1, 0.2, -0.3], [1.5, 1.5, 1.25, 60.5, -1.5, -63.094]])
def test_sums_that_tie_but_for_rounding_tie(values: list[float]) -> None:
    assert sign_flip_p(values) == 1  # by hand: no pattern sums to less


@pytest.mark.parametrize("n", [17, EXACT_UP_TO])
def test_many_pairs_are_still_counted_exactly(n: int) -> None:
    values = np.random.default_rng(n).integers(-20, 30, size=n)
    assert sign_flip_p(values.astype(float).tolist()) == pytest.approx(_by_convolution(values))


def test_beyond_that_patterns_are_drawn_and_p_is_never_zero() -> None:
    n = EXACT_UP_TO + 10
    values = np.random.default_rng(4).integers(-20, 30, size=n)
    p, exact = sign_flip_p(values.astype(float).tolist()), _by_convolution(values)
    assert p == pytest.approx(exact, abs=4 * (exact * (1 - exact) / FLIPS) ** 0.5)
    assert sign_flip_p(values[::-1].astype(float).tolist()) == p
    assert sign_flip_p([1.0] * n) == sign_flip_floor(n) == 1 / (FLIPS + 1)


def _by_convolution(values: np.ndarray) -> float:
    """The exact p from the distribution of the sum, built one difference at a time."""
    chance = np.ones(1)
    for value in np.abs(values):
        step = np.zeros(2 * value + 1)
        step[0] += 0.5
        step[-1] += 0.5
        chance = np.convolve(chance, step)
    sums = np.arange(len(chance)) - len(chance) // 2
    return float(chance[np.abs(sums) >= abs(values.sum())].sum())


@pytest.mark.parametrize(
    ("n", "floor"),
    [(1, 1), (2, 0.5), (3, 0.25), (4, 0.125), (5, 0.0625), (6, 0.03125), (8, 0.0078125)],
)
def test_the_floor_is_what_equal_signs_give(n: int, floor: float) -> None:
    assert sign_flip_floor(n) == floor
    assert sign_flip_p([float(value) for value in range(1, n + 1)]) == floor


# --- the joint test of a family -----------------------------------------------------------------

families = st.integers(2, 6).flatmap(
    lambda n: st.lists(
        st.lists(st.integers(-9, 9), min_size=n, max_size=n).map(lambda d: dict(enumerate(d))),
        min_size=1,
        max_size=4,
    )
)


def by_hand(family: list[dict[int, int]]) -> list[float]:
    """The largest |t| of every one of the 2^n patterns, counted one by one."""
    rows = np.array([list(member.values()) for member in family], dtype=float)
    n = rows.shape[1]

    def t(values: np.ndarray) -> np.ndarray:
        spread, center = values.std(axis=1, ddof=1), abs(values.mean(axis=1))
        without = np.where(center > 0, np.inf, 0.0)
        return np.where(spread < 1e-9, without, np.round(center / np.maximum(spread, 1e-9), 9))

    signs = itertools.product((1, -1), repeat=n)
    largest = [t(rows * pattern).max() for pattern in signs]
    return [float(np.mean(largest >= statistic)) for statistic in t(rows)]


@given(families)
def test_the_joint_test_counts_the_largest_t_of_every_pattern(
    family: list[dict[int, int]],
) -> None:
    assert max_t_p(family) == pytest.approx(by_hand(family), abs=1e-12)


def test_its_floor_is_that_of_one_test_where_holms_is_not() -> None:
    family = [{seed: 1.0 + seed / 9 for seed in range(6)}]
    family += [dict(enumerate(row)) for row in np.random.default_rng(0).normal(size=(4, 6))]
    joint = max_t_p(family)
    assert joint[0] == sign_flip_floor(6) == 0.03125
    assert 5 * sign_flip_p(list(family[0].values())) == 0.15625
    assert all(p >= sign_flip_p(list(m.values())) for p, m in zip(joint, family, strict=True))


@pytest.mark.parametrize("n", [8, JOINT_EXACT_UP_TO + 1])
def test_alone_it_is_the_sign_flip_test(n: int) -> None:
    values = np.random.default_rng(n).normal(loc=0.5, size=n).tolist()
    exact = sign_flip_p(values)
    (joint,) = max_t_p([dict(enumerate(values))])
    error = 0 if n <= JOINT_EXACT_UP_TO else 4 * (exact * (1 - exact) / FLIPS) ** 0.5
    assert joint == pytest.approx(exact, abs=error + 1e-12)


def test_a_member_without_seeds_takes_nothing_from_the_others() -> None:
    full = {seed: 1.0 + seed / 9 for seed in range(7)}
    part = {seed: full[seed] for seed in (1, 4)}
    assert max_t_p([full, {}])[0] == max_t_p([full])[0]
    assert max_t_p([full, {}])[1] == 1
    assert max_t_p([{}]) == [1]
    # Two seeds reach 1.41 standard deviations at most, which seven that agree surpass.
    assert max_t_p([full, part])[0] == sign_flip_floor(7)


def test_the_joint_test_holds_the_family() -> None:
    drawn = np.random.default_rng(5).normal(size=(1_500, 6, 6))  # study, baseline first, seed
    rejections = sum(
        min(max_t_p([dict(enumerate(row)) for row in study])) < 0.05
        for study in (drawn[:, 1:] - drawn[:, :1]).tolist()
    )
    assert scipy.stats.binomtest(rejections, 1_500, 0.05, alternative="greater").pvalue > 0.01
    assert rejections > 0.015 * 1_500


@pytest.mark.parametrize("n", [31, 32, 100, 12345])
def test_the_fixed_stream_has_a_key_of_its_own(n: int) -> None:
    assert _stream_key(n) == streams.key(0, "bootstrap", "sign_flip", n)


def test_analysis_imports_neither_torch_nor_files() -> None:
    rooms = {"harness.analysis", "harness.contracts", "harness.study.values"}
    for path in Path(analysis.__file__).parent.glob("*.py"):
        nodes = [*ast.walk(ast.parse(path.read_text("utf-8")))]
        names = {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
        names |= {
            name.name for node in nodes if isinstance(node, ast.Import) for name in node.names
        }
        assert not {"torch", "pathlib", "io", "os"} & {name.partition(".")[0] for name in names}
        for name in names:
            if name.startswith("harness"):
                assert any(f"{name}.".startswith(f"{room}.") for room in rooms), path


# --- rounding of the scores ---------------------------------------------------------------------

# Scores near 123456, whose differences are 2, -1, 2, 2, -1 and 5 tenths.
OFFSET = [(123456.4, 123456.6), (123456.2, 123456.1), (123456.4, 123456.6)]
OFFSET += [(123456.5, 123456.7), (123456.9, 123456.8), (123457.0, 123457.5)]


def test_ties_survive_the_rounding_of_scores_with_a_large_offset() -> None:
    """14 of the 64 patterns of (2, -1, 2, 2, -1, 5) sum to 9 or more, either way."""
    whole = [2, -1, 2, 2, -1, 5]
    differences = [variant - baseline for baseline, variant in OFFSET]
    resolution = 8 * float(np.finfo(float).eps) * 123457.5
    assert sign_flip_p(differences) == 0.125  # without the resolution, ties are lost
    assert sign_flip_p(differences, resolution=resolution) == 14 / 64
    assert sign_flip_p([float(value) for value in whole]) == 14 / 64
    row = dict(enumerate(differences))
    assert max_t_p([row], resolutions=[resolution]) == [14 / 64]
    # Two members of equal differences, each with a rounding of its own.
    near = {seed: value / 10 for seed, value in enumerate(whole)}
    assert max_t_p([row, near], resolutions=[resolution, 0.0])[0] == 14 / 64


def test_differences_that_are_rounding_are_none() -> None:
    rounding = [1e-12, -1e-12, 2e-12, 1e-12]
    assert sign_flip_p(rounding, resolution=1e-11) == 1
    assert max_t_p([dict(enumerate(rounding))], resolutions=[1e-11]) == [1]
