"""Ranks agree with Demsar's example of 14 data sets, and new corpora with simulation."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from harness.analysis import RunResult, ScoredMetric, compare
from harness.analysis.corpora import average_ranks, on_new_corpora
from harness.analysis.random_effects import StudyEstimate
from harness.contracts import Design, Factorial
from harness.study.values import Comparison

# The areas under the curve of C4.5 and three of its variants (Demsar 2006, table 6), one of which
# has a digit more, as two that are printed alike (.975) have ranks 2 and 3 there.
_DEMSAR = """
.763 .768 .771 .798   .599 .591 .590 .569   .954 .971 .968 .967   .628 .661 .654 .657
.882 .888 .886 .898   .936 .931 .916 .931   .661 .668 .609 .685   .583 .583 .563 .625
.775 .838 .866 .875   1.0 1.0 1.0 1.0       .940 .962 .965 .962   .619 .666 .614 .669
.972 .981 .9751 .975  .957 .978 .946 .970
"""


def test_demsar_s_sets_give_his_ranks() -> None:
    values = [float(word) for word in _DEMSAR.split()]
    rows = [values[start : start + 4] for start in range(0, len(values), 4)]
    ranks = average_ranks(rows, higher_is_better=True)
    assert ranks.average == pytest.approx((3.143, 2.000, 2.893, 1.964), abs=5e-4)
    assert (ranks.chi_squared, ranks.f) == pytest.approx((9.28, 3.69), abs=5e-3)
    assert ranks.p == pytest.approx(0.0196, abs=5e-4)  # F(3, 39)
    reversed_ranks = average_ranks(rows, higher_is_better=False)
    assert reversed_ranks.average == pytest.approx([5 - rank for rank in ranks.average])


def test_corpora_that_agree_have_no_f() -> None:
    ranks = average_ranks([[1.0, 2.0], [3.0, 4.0]], higher_is_better=False)
    assert (ranks.average, ranks.f, ranks.p) == ([1.0, 2.0], None, 0.5)
    many = average_ranks([[float(n) for n in range(9)]] * 2, higher_is_better=False)
    assert (many.f, many.p) == (None, None)


@pytest.mark.parametrize(
    ("rows", "chi_squared", "p"),
    [
        # Hollander and Wolfe's table A.22: P(S >= 8.2) = .017 for k = 4, n = 3, where F has .001.
        ([[1, 2, 3, 4], [1, 3, 2, 4], [1, 2, 3, 4]], 8.2, 0.017),
        ([[1, 2, 3]] * 3, 6.0, 0.028),
        ([[1, 2, 3], [1, 2, 3], [1, 3, 2], [2, 1, 3]], 4.5, 0.125),
    ],
)
def test_few_corpora_have_an_exact_p(rows: list[list[int]], chi_squared: float, p: float) -> None:
    ranks = average_ranks(rows, higher_is_better=False)
    assert ranks.exact
    assert ranks.chi_squared == pytest.approx(chi_squared)
    assert ranks.p == pytest.approx(p, abs=5e-4)


def test_shared_ranks_are_reordered_like_others() -> None:
    rows = [[1.0, 1.0, 2.0], [1.0, 2.0, 2.0], [1.0, 2.0, 3.0]]
    ranked = [[1.5, 1.5, 3.0], [1.0, 2.5, 2.5], [1.0, 2.0, 3.0]]

    def squares(orders: tuple[tuple[float, ...], ...]) -> float:
        return float((np.sum(orders, axis=0) ** 2).sum())

    every = [squares(o) for o in itertools.product(*map(itertools.permutations, ranked))]
    share = np.mean([value >= squares(tuple(map(tuple, ranked))) for value in every])
    assert average_ranks(rows, higher_is_better=False).p == pytest.approx(share)


@pytest.mark.parametrize("shared", [0.0, 0.9])
def test_new_corpora_are_covered(shared: float) -> None:
    """The interval covers in 93.5% or more of 1,000 studies, whatever seeds have in common."""
    rng, seeds, corpora, hits = np.random.default_rng(5), 5, 6, 0
    for _ in range(1000):
        common = rng.normal(0, shared**0.5, (1, seeds))
        noise = rng.normal(0, (1 - shared) ** 0.5, (corpora, seeds))
        differences = common + noise + rng.normal(0, 0.5, (corpora, 1))
        within = {str(number): _estimate(row) for number, row in enumerate(differences)}
        test = on_new_corpora(within, overall=_estimate(differences.mean(axis=0))).test
        hits += test.low <= 0 <= test.high
    assert hits >= 935


def _estimate(values: np.ndarray) -> StudyEstimate:
    return StudyEstimate(float(values.mean()), float(values.std(ddof=1) / len(values) ** 0.5))


FACTORIAL = Factorial(
    factors={"variant": ("baseline", "focal"), "dataset": ("baseline", "small")},
    cells={
        "baseline": {"variant": "baseline", "dataset": "baseline"},
        "dataset=small": {"variant": "baseline", "dataset": "small"},
        "variant=focal": {"variant": "focal", "dataset": "baseline"},
        "variant=focal+dataset=small": {"variant": "focal", "dataset": "small"},
    },
    corpora="dataset",
)


def test_verdicts_are_of_each_corpus_and_of_all_and_never_pair_two_corpora() -> None:
    """Differences 1, 2, 3 in one and 3, 4, 8 in the other: 2, 3 and 5.5 on average."""
    scores = {
        "baseline": (10.0, 20.0, 30.0),
        "variant=focal": (11.0, 22.0, 33.0),
        "dataset=small": (1.0, 2.0, 3.0),
        "variant=focal+dataset=small": (4.0, 6.0, 11.0),
    }
    results = [
        RunResult(
            variant=variant,
            seed=seed,
            outcome="finished",
            scores={"nll": score},
            tokens="small" if "small" in variant else "large",
        )
        for variant, values in scores.items()
        for seed, score in enumerate(values, start=1)
    ]
    findings = compare(
        results,
        variants=[*scores],
        seeds=[1, 2, 3],
        metrics=[ScoredMetric(name="nll", higher_is_better=False)],
        comparison=Comparison(),
        design=Design(factorial=FACTORIAL),
    )
    assert [(f.variant, f.against, f.n, f.difference) for f in findings] == [
        ("variant=focal overall", "variant=baseline", 3, pytest.approx(3.5)),
        (
            "variant=focal in dataset=baseline",
            "variant=baseline in dataset=baseline",
            3,
            pytest.approx(2.0),
        ),
        (
            "variant=focal in dataset=small",
            "variant=baseline in dataset=small",
            3,
            pytest.approx(5.0),
        ),
    ]
    assert all("Holm over 3 effects" in finding.reason for finding in findings)
