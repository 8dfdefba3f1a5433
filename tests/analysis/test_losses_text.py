"""Runs that are missing are counted over the runs of their own side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
import scipy.stats

from harness.analysis import RunResult, ScoredMetric, compare
from harness.analysis.losses_text import few_runs
from harness.contracts import Design, Finding, Method
from harness.study.values import Comparison

BLEU = ScoredMetric(name="bleu", higher_is_better=True)
EIGHT = [30.0, 31.0, 29.5, 30.5, 30.2, 29.8, 30.9, 30.1]


def of_table(sides: Mapping[str, Sequence[float | str]], **how: str) -> list[Finding]:
    """The findings on a table with these scores, or outcomes of runs without one, by side."""
    results = [
        RunResult(variant=name, seed=seed, outcome=score)  # type: ignore[arg-type]  # an outcome
        if isinstance(score, str)
        else RunResult(variant=name, seed=seed, outcome="finished", scores={"bleu": score})
        for name, scores in sides.items()
        for seed, score in enumerate(scores, start=1)
    ]
    return [
        *compare(
            results,
            variants=[*sides],
            seeds=range(1, max(map(len, sides.values())) + 1),
            metrics=[BLEU],
            comparison=Comparison(primary="bleu", **how),  # type: ignore[arg-type]  # its options
            design=Design(of_table=True),
        )
    ]


def test_welch_counts_the_dead_of_each_side_over_its_own_runs() -> None:
    (finding,) = of_table({"baseline": EIGHT, "deep": ["diverged"] * 4}, method="welch")
    fisher = scipy.stats.fisher_exact([[4, 0], [0, 8]]).pvalue
    assert finding.p_diverged == pytest.approx(fisher)  # 1 / 495
    assert finding.reason == (
        "0 runs against 8 runs of the baseline, and a test needs 2 of each; diverged in 4 of 4"
        " runs, the baseline in 0 of 8 (Fisher p = .002)"
    )
    assert (finding.ended, finding.ended_baseline, finding.planned) == (4, 8, 8)


def test_fishers_test_leaves_out_runs_that_failed_and_says_so() -> None:
    (finding,) = of_table({"baseline": EIGHT, "deep": ["diverged", "failed", 30.0]}, method="welch")
    assert finding.p_diverged == pytest.approx(
        scipy.stats.fisher_exact([[1, 1], [0, 8]]).pvalue  # .2
    )
    assert finding.reason.endswith(
        "the variant failed in 1 of 3 runs; diverged in 1 of 3 runs, the baseline in 0 of 8"
        " (Fisher p = .2 without those that failed)"
    )


def test_mcnemar_names_the_pairs_that_a_shorter_side_leaves() -> None:
    first, second = of_table({"baseline": EIGHT, "deep": ["diverged"] * 4, "other": EIGHT[::-1]})
    assert first.p_diverged == scipy.stats.binomtest(4, 4).pvalue
    assert first.reason.endswith(
        "the table has no run of the variant in 4 of 8 seeds; diverged in 4 of 4 seeds, the"
        " baseline in 0 of 8 (McNemar p = .125 over the 4 seeds in which both runs finished or"
        " diverged; below .125 is not attainable there; not corrected for the number of variants)"
    )
    assert second.p_diverged is None


def test_without_a_pair_there_is_no_mcnemar() -> None:
    (finding,) = of_table({"baseline": ["failed"] * 2, "deep": ["diverged"] * 2})
    assert finding.reason.endswith(
        "the baseline failed in 2 of 2 seeds; diverged in 2 of 2 seeds, the baseline in 0 of 2 (no"
        " seed for McNemar's test, which takes both runs)"
    )


@pytest.mark.parametrize(
    ("n", "method", "text"),
    [
        (1, "paired_t", "one seed only"),
        (2, "sign_test", "two seeds only"),
        (1, "welch", "one run per side only"),
        (3, "welch", "three runs per side only"),
        (4, "welch", ""),
    ],
)
def test_few_runs_are_seeds_only_where_they_are_paired(n: int, method: Method, text: str) -> None:
    assert few_runs(n, method=method) == text


def test_welch_on_few_runs_says_runs() -> None:
    (finding,) = of_table({"baseline": EIGHT[:3], "deep": [32.0, 32.5, 33.0]}, method="welch")
    assert finding.reason.startswith("three runs per side only: ")


def test_two_studies_that_share_no_seed_have_no_runs_missing() -> None:
    results = [
        RunResult(variant=name, seed=seed, outcome="finished", scores={"bleu": score})
        for name, first, scores in (("baseline", 1, EIGHT), ("deep", 101, EIGHT[:4]))
        for seed, score in enumerate(scores, start=first)
    ]
    (finding,) = compare(
        results,
        variants=["baseline", "deep"],
        seeds=[*range(1, 9), *range(101, 105)],
        metrics=[BLEU],
        comparison=Comparison(primary="bleu", method="welch"),
    )
    assert finding.reason.startswith("from 4 runs against 8: ")
    assert "not run" not in finding.reason


def test_runs_without_a_partner_keep_a_side_from_being_identical() -> None:
    """The first four of eight runs are the same, and their mean is not the mean of all."""
    results = [
        RunResult(
            variant=name,
            seed=seed,
            outcome="finished",
            scores={"bleu": score},
            output_digest=f"text {seed}",
        )
        for name, scores in (("baseline", EIGHT), ("again", EIGHT[:4]))
        for seed, score in enumerate(scores, start=1)
    ]
    methods: tuple[Method, ...] = ("paired_t", "welch")
    findings = {
        method: compare(
            results,
            variants=["baseline", "again"],
            seeds=range(1, 9),
            metrics=[BLEU],
            comparison=Comparison(primary="bleu", method=method),
        )[0]
        for method in methods
    }
    assert (findings["paired_t"].verdict, findings["paired_t"].difference) == ("identical", 0.0)
    assert findings["welch"].verdict == "inconclusive"
    assert findings["welch"].p == pytest.approx(
        scipy.stats.ttest_ind(EIGHT[:4], EIGHT, equal_var=False).pvalue
    )
