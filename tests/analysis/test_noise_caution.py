from __future__ import annotations

import numpy as np
import pytest

from harness.analysis import RunResult, ScoredMetric, compare
from harness.analysis.noise_caution import outlying
from harness.contracts import Finding
from harness.study.values import Comparison

BASELINE = (30.0, 30.4, 29.8, 30.2, 29.9, 30.1, 30.3)


def judged(baseline: tuple[float, ...], variant: tuple[float, ...]) -> Finding:
    """The finding on these scores, seed by seed."""
    results = [
        RunResult(variant=name, seed=seed, outcome="finished", scores={"bleu": score})
        for name, scores in (("baseline", baseline), ("v", variant))
        for seed, score in enumerate(scores)
    ]
    (finding,) = compare(
        results,
        variants=("baseline", "v"),
        seeds=range(len(baseline)),
        metrics=[ScoredMetric(name="bleu", higher_is_better=True)],
        comparison=Comparison(primary="bleu"),
    )
    return finding


def test_a_collapsed_run_is_named_with_its_seed() -> None:
    finding = judged(BASELINE, (32.0, 32.3, 31.9, 12.5, 32.4, 31.8, 32.2))
    assert "1 of 7 runs of v is far below their median of 32 (12.5 on seed 3)" in finding.caution


def test_a_collapse_of_the_baseline_is_named_too() -> None:
    finding = judged((30.0, 30.4, 29.8, 2.1, 29.9, 30.1, 30.3), BASELINE)
    assert finding.caution.startswith("1 of 7 runs of baseline is far below")


@pytest.mark.parametrize(
    ("offset", "text"),
    [
        (123456.0, "median of 123488 (123468 on seed 3)"),
        (2e9, "median of 2000000032 (2000000012 on seed 3)"),
    ],
)
def test_an_outlier_is_not_rounded_to_its_median(offset: float, text: str) -> None:
    scores = (32.0, 32.3, 31.9, 12.5, 32.4, 31.8, 32.2)
    same = tuple(offset + score for score in BASELINE)
    finding = judged(same, tuple(offset + score for score in scores))
    assert text in finding.caution


def test_spreads_are_compared_by_an_f_test() -> None:
    wide = tuple(30 + 12 * (score - 30.1) for score in BASELINE)
    assert judged(BASELINE, wide).caution == (
        "scores of v spread 12.0 times as widely as those of baseline"
    )


@pytest.mark.parametrize("variant", [BASELINE, tuple(score + 1 for score in BASELINE)])
def test_ordinary_noise_needs_no_caution(variant: tuple[float, ...]) -> None:
    assert judged(BASELINE, variant).caution == ""


@pytest.mark.parametrize("n", [4, 5, 8, 20])
def test_few_samples_of_normal_noise_have_an_outlier(n: int) -> None:
    samples = np.random.default_rng(n).normal(size=(2000, n)).tolist()
    assert sum(bool(outlying(sample)) for sample in samples) / 2000 < 0.035


def test_two_collapses_do_not_hide_each_other() -> None:
    assert outlying([30.1, 5.0, 30.0, 30.3, 4.0, 29.9, 30.2, 30.1]) == [1, 4]
