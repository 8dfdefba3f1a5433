from __future__ import annotations

import json
import math
import statistics
from collections.abc import Sequence
from dataclasses import asdict, replace

import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from harness.analysis import RunResult, ScoredMetric, compare
from harness.contracts import Finding, Method
from harness.study.values import Comparison

BLEU = ScoredMetric(name="bleu", higher_is_better=True, of_text=True)
NLL = ScoredMetric(name="nll", higher_is_better=False)
BASELINE = (30.0, 31.0, 29.0, 30.5, 29.5)
BETTER = (32.0, 33.5, 30.9, 32.4, 31.3)  # differences 2, 2.5, 1.9, 1.9, 1.8
NOISE = (30.4, 30.2, 29.9, 29.6, 30.3)


def runs(variant: str, scores: Sequence[float], *, metric: str = "bleu") -> list[RunResult]:
    """One finished run a seed; all that it wrote is known by its variant, seed and score."""
    return [
        RunResult(
            variant=variant,
            seed=seed,
            outcome="finished",
            scores={metric: score},
            output_digest=f"{seed} {score}",
        )
        for seed, score in enumerate(scores, start=1)
    ]


def judge(
    *results: list[RunResult], metric: ScoredMetric = BLEU, planned: Sequence[str] | None = None
) -> list[Finding]:
    """The findings of a study with five seeds and one metric."""
    every = [run for one in results for run in one]
    return list(
        compare(
            every,
            variants=planned or list(dict.fromkeys(run.variant for run in every)),
            seeds=range(1, max(run.seed for run in every) + 1),
            metrics=[metric],
            comparison=Comparison(primary=metric.name),
        )
    )


def test_a_finding_has_the_numbers_of_a_paired_t_test() -> None:
    theirs = scipy.stats.ttest_rel(BETTER, BASELINE)
    (finding,) = judge(runs("baseline", BASELINE), runs("wider", BETTER))
    assert (finding.variant, finding.metric, finding.split) == ("wider", "bleu", "test")
    assert (finding.role, finding.n, finding.higher_is_better) == ("primary", 5, True)
    assert (finding.baseline_mean, finding.variant_mean) == pytest.approx((30.0, 32.02))
    assert finding.difference == pytest.approx(2.02)
    assert (finding.interval_low, finding.interval_high) == pytest.approx(
        tuple(theirs.confidence_interval(0.95))
    )
    assert finding.p == finding.p_adjusted == pytest.approx(theirs.pvalue)
    assert finding.p_sign_flip == finding.p_floor == 0.0625
    assert [pair.variant for pair in finding.per_seed] == list(BETTER)
    assert finding.verdict == "better"


def test_reasons_say_what_the_seeds_and_both_tests_show() -> None:
    better, undecided = judge(runs("baseline", BASELINE), runs("wider", BETTER), runs("odd", NOISE))
    assert better.reason == (
        "5 of 5 seeds higher; p < .001 after Holm over 2 variants;"
        " sign-flip p = .0625 without Holm (below .0625 is not attainable with 5 seeds)"
    )
    assert undecided.verdict == "inconclusive"
    assert undecided.reason == (
        "3 of 5 seeds higher; p = .847 after Holm over 2 variants;"
        " sign-flip p = .9375 without Holm (below .0625 is not attainable with 5 seeds);"
        " a difference of 1.8 would show with 80% power if the spread is as seen"
        " (1.1 to 5.1 over its 95% interval)"
    )


def test_what_only_the_correction_undoes_is_explained() -> None:
    close = [base + gain for base, gain in zip(BASELINE, (1, 2.5, 0.5, 3, 1), strict=True)]
    first, *_ = judge(
        runs("baseline", BASELINE), runs("close", close), runs("a", NOISE), runs("b", NOISE)
    )
    assert first.p is not None
    assert first.p_adjusted is not None
    assert first.p < 0.05 <= first.p_adjusted
    assert first.verdict == "inconclusive"
    assert first.interval_low is not None
    assert first.interval_low > 0
    assert (
        "p = .030, but .090 after Holm over 3 variants"
        " (its interval, not corrected for the number of variants, excludes 0)" in first.reason
    )


def test_a_dead_variant_stays_in_its_family_as_p_1() -> None:
    alone = judge(runs("baseline", BASELINE), runs("odd", NOISE))[0]
    dead = [replace(run, outcome="diverged") for run in runs("dead", NOISE)]
    planned = ["baseline", "odd", "dead", "never"]
    odd, diverged, never = judge(
        runs("baseline", BASELINE), runs("odd", [*BETTER[:4], 31.0]), dead, planned=planned
    )
    assert alone.p_adjusted == alone.p
    assert odd.p is not None
    assert odd.p_adjusted == 3 * odd.p
    assert (diverged.verdict, diverged.p_adjusted, diverged.n) == ("no_inference", None, 0)
    assert diverged.reason == (
        "0 complete pairs, and a test needs 2; diverged in 5 of 5 seeds, the baseline in 0 of 5"
        " (McNemar p = .0625; below .0625 is not attainable with 5 seeds; not corrected for the"
        " number of variants)"
    )
    assert "the variant was not run in 5 of 5 seeds" in never.reason
    assert never.p_floor is None


def test_means_are_over_complete_pairs_only() -> None:
    baseline, variant = runs("baseline", BASELINE), runs("wider", BETTER)
    baseline[0] = replace(baseline[0], outcome="failed")
    variant[1] = replace(variant[1], scores={"bleu": math.nan})
    variant[2] = replace(variant[2], outcome="diverged")
    (finding,) = judge(baseline, variant)
    assert [pair.seed for pair in finding.per_seed] == [4, 5]
    assert (finding.baseline_mean, finding.variant_mean) == pytest.approx((30.0, 31.85))
    assert finding.p_floor == 0.5
    assert (
        "the baseline failed in 1 of 5 seeds; the variant has no finite score in 1 of 5 seeds;"
        " diverged in 1 of 5 seeds, the baseline in 0 of 5 (McNemar p = 1 over the 4 seeds"
    ) in finding.reason
    counts = finding.planned, finding.finished, finding.failed, finding.diverged
    assert (counts, finding.p_diverged) == ((5, 4, 0, 1), 1)


def test_a_pair_alone_allows_no_inference() -> None:
    (finding,) = judge(runs("baseline", BASELINE[:1]), runs("wider", BETTER[:1]))
    assert (finding.verdict, finding.n, finding.difference) == ("no_inference", 1, 2.0)
    assert finding.p is finding.p_sign_flip is finding.interval_low is None
    assert finding.reason == "1 complete pair, and a test needs 2"


def test_equal_scores_of_equal_text_are_identical_and_have_no_p() -> None:
    (finding,) = judge(runs("baseline", BASELINE), runs("same", BASELINE))
    assert (finding.verdict, finding.reason) == ("identical", "the same outputs in 5 of 5 seeds")
    assert (finding.difference, finding.p, finding.p_sign_flip) == (0.0, None, None)


def test_equal_scores_of_different_text_are_not_identical() -> None:
    others = [replace(run, output_digest="other") for run in runs("same", BASELINE)]
    (finding,) = judge(runs("baseline", BASELINE), others)
    assert (finding.verdict, finding.p, finding.p_sign_flip) == ("inconclusive", 1.0, 1.0)
    assert "equal scores in 5 of 5 seeds, though not for the same text" in finding.reason


def test_equal_scores_are_identical_only_with_equal_outputs_or_weights() -> None:
    unknown = [replace(run, output_digest=None) for run in runs("same", BASELINE)]
    (finding,) = judge(runs("baseline", BASELINE), unknown)
    assert (finding.verdict, finding.p) == ("inconclusive", 1.0)
    assert finding.reason.startswith("equal scores in 5 of 5 seeds; sign-flip p = 1")
    baseline, same = (runs(name, BASELINE, metric="nll") for name in ("baseline", "same"))
    decoded = [replace(run, output_digest="other") for run in same]
    assert judge(baseline, decoded, metric=NLL)[0].verdict == "inconclusive"
    trained_once = [
        [replace(run, training=f"digest of seed {run.seed}") for run in side]
        for side in (baseline, decoded)
    ]
    (finding,) = judge(*trained_once, metric=NLL)
    assert (finding.verdict, finding.reason) == ("identical", "the same weights in 5 of 5 seeds")
    # The same model decodes to other text, so that equal scores of text say nothing of it.
    text = [[replace(run, scores={"bleu": 30.0}) for run in side] for side in trained_once]
    assert judge(*text)[0].verdict == "inconclusive"


def test_equal_in_two_seeds_after_diverging_in_three_is_not_identical() -> None:
    same = [
        replace(run, outcome="diverged") if run.seed > 2 else run for run in runs("same", BASELINE)
    ]
    (finding,) = judge(runs("baseline", BASELINE), same)
    assert finding.verdict == "inconclusive"
    assert finding.reason.startswith("from 2 of 5 planned pairs: equal scores in 2 of 2 seeds;")


@pytest.mark.parametrize("step", [2.0, 0.1])
def test_the_same_difference_in_every_seed_has_no_t(step: float) -> None:
    scores = [3.0, 31.0, 17.5, 130.5, 7.25]
    shifted = [score + step for score in scores]
    rounded = {ours - theirs for ours, theirs in zip(shifted, scores, strict=True)}
    assert len(rounded) == (1 if step == 2 else 4)  # 0.1 is lost in part next to larger numbers
    (finding,) = judge(runs("baseline", scores), runs("shifted", shifted))
    assert (finding.verdict, finding.interval_low) == ("inconclusive", None)
    assert finding.p == finding.p_adjusted == finding.p_sign_flip == 0.0625
    assert (finding.effect_size, finding.detectable) == (None, None)
    assert finding.reason == (
        "the same difference in 5 of 5 seeds, so there is no spread for a t test;"
        " sign-flip p = .0625 (below .0625 is not attainable with 5 seeds)"
    )


def test_every_metric_is_a_family_and_the_primary_comes_first() -> None:
    results = [
        replace(run, scores={"bleu": run.scores["bleu"], "nll": 60 - run.scores["bleu"]})
        for run in runs("baseline", BASELINE) + runs("wider", BETTER) + runs("odd", NOISE)
    ]
    findings = compare(
        results,
        variants=["baseline", "wider", "odd"],
        seeds=range(1, 6),
        metrics=[NLL, BLEU],
        comparison=Comparison(primary="bleu"),
    )
    named = [(finding.metric, finding.variant, finding.role) for finding in findings]
    assert named == [
        ("bleu", "wider", "primary"),
        ("bleu", "odd", "primary"),
        ("nll", "wider", "exploratory"),
        ("nll", "odd", "exploratory"),
    ]
    primary, exploratory = findings[0], findings[2]
    assert primary.p_adjusted == pytest.approx(exploratory.p_adjusted)  # 2 p in both, not 4 p
    assert (primary.verdict, exploratory.verdict) == ("better", "better")
    assert exploratory.reason.startswith("5 of 5 seeds lower")


pairs = st.lists(
    st.tuples(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3)).map(
        lambda pair: (round(pair[0], 2), round(pair[1], 2))
    ),
    min_size=1,
    max_size=8,
)
TURNED = {"better": "worse", "worse": "better"}


def split(values: list[tuple[float, float]]) -> tuple[list[RunResult], list[RunResult]]:
    return runs("baseline", [pair[0] for pair in values]), runs("v", [pair[1] for pair in values])


@given(pairs)
def test_a_lower_is_better_metric_turns_the_verdict_and_the_improvement(
    values: list[tuple[float, float]],
) -> None:
    (higher,) = judge(*split(values), metric=BLEU)
    (lower,) = judge(*split(values), metric=replace(BLEU, higher_is_better=False))
    verdict = TURNED.get(higher.verdict, higher.verdict)
    turned = {
        "improvement": lower.improvement,
        "improvement_low": lower.improvement_low,
        "improvement_high": lower.improvement_high,
    }
    assert replace(higher, higher_is_better=False, verdict=verdict, **turned) == lower
    if higher.improvement is not None and lower.improvement is not None:
        assert lower.improvement == pytest.approx(1 - higher.improvement)


@given(pairs)
def test_exchanging_variant_and_baseline_turns_the_difference(
    values: list[tuple[float, float]],
) -> None:
    (there,) = judge(*split(values))
    (back,) = judge(*split([(ours, theirs) for theirs, ours in values]))
    assert there.difference is not None
    assert back.difference == -there.difference
    assert (back.p, back.p_sign_flip) == (there.p, there.p_sign_flip)
    assert back.verdict == TURNED.get(there.verdict, there.verdict)
    if there.interval_low is not None:
        assert back.interval_high == -there.interval_low


@given(values=pairs, data=st.data())
def test_the_order_of_seeds_results_and_variants_changes_nothing(
    values: list[tuple[float, float]], data: st.DataObject
) -> None:
    results = [run for half in split(values) for run in half]
    results += runs("w", [pair[0] + pair[1] for pair in values])
    seeds = range(1, len(values) + 1)

    def findings(order: list[RunResult], *, seeds: list[int], variants: list[str]) -> set[Finding]:
        findings = compare(
            order,
            variants=["baseline", *variants],
            seeds=seeds,
            metrics=[BLEU],
            comparison=Comparison(primary="bleu", margin=1.0),
        )
        return {replace(one, per_seed=tuple(sorted(one.per_seed))) for one in findings}

    shuffled = data.draw(st.permutations(results)), data.draw(st.permutations(seeds))
    expected = findings(results, seeds=list(seeds), variants=["v", "w"])
    assert findings(shuffled[0], seeds=shuffled[1], variants=["w", "v"]) == expected


@given(st.lists(st.tuples(st.floats(), st.floats()), min_size=1, max_size=6))
def test_whatever_the_scores_no_field_is_nan_or_infinite(
    values: list[tuple[float, float]],
) -> None:
    (finding,) = judge(*split(values))
    json.dumps(asdict(finding), allow_nan=False)
    assert finding.n == sum(all(abs(score) <= 1e150 for score in pair) for pair in values)


# --- equivalence, Welch's method, the dead ------------------------------------------------------


def judged(
    *results: list[RunResult], margin: float | None = None, method: Method = "paired_t"
) -> list[Finding]:
    """The findings of a study that declares a margin or a method."""
    every = [run for one in results for run in one]
    return list(
        compare(
            every,
            variants=list(dict.fromkeys(run.variant for run in every)),
            seeds=range(1, max(run.seed for run in every) + 1),
            metrics=[BLEU],
            comparison=Comparison(primary="bleu", margin=margin, method=method),
        )
    )


CLOSE = (30.02, 31.01, 28.98, 30.5, 29.51)


def test_a_variant_within_the_margin_is_equivalent() -> None:
    differences = [ours - theirs for ours, theirs in zip(CLOSE, BASELINE, strict=True)]
    theirs = max(
        scipy.stats.ttest_1samp(differences, -0.5, alternative="greater").pvalue,
        scipy.stats.ttest_1samp(differences, 0.5, alternative="less").pvalue,
    )
    close, odd = judged(
        runs("baseline", BASELINE), runs("close", CLOSE), runs("odd", NOISE), margin=0.5
    )
    assert (close.verdict, odd.verdict) == ("equivalent", "inconclusive")
    assert (close.margin, close.p_equivalent) == (0.5, pytest.approx(theirs))
    assert close.p_equivalent_adjusted == pytest.approx(2 * theirs)
    assert (
        "within the margin of 0.5 (equivalence p < .001 after Holm over 2 variants)" in close.reason
    )
    assert "not shown to be within the margin of 0.5 (equivalence p = .17" in odd.reason
    assert judged(runs("baseline", BASELINE), runs("close", CLOSE))[0].verdict == "inconclusive"


@pytest.mark.parametrize(("sign", "verdict"), [(1, "better"), (-1, "worse")])
def test_better_or_worse_and_within_the_margin_is_said_so(sign: int, verdict: str) -> None:
    gains = (0.2, 0.21, 0.19, 0.2, 0.22)
    scores = [theirs + sign * gain for theirs, gain in zip(BASELINE, gains, strict=True)]
    (finding,) = judged(runs("baseline", BASELINE), runs("little", scores), margin=0.5)
    assert finding.verdict == verdict
    assert "; within the margin of 0.5 (equivalence p < .001)" in finding.reason


@pytest.mark.parametrize(
    ("step", "p", "verdict"), [(0.25, 1 / 32, "equivalent"), (0.5, 1, "inconclusive")]
)
def test_equal_differences_are_equivalent_by_their_signs(
    step: float, p: float, verdict: str
) -> None:
    shifted = [score + step for score in BASELINE]
    (finding,) = judged(runs("baseline", BASELINE), runs("shifted", shifted), margin=0.5)
    assert (finding.p_equivalent, finding.verdict) == (p, verdict)


def test_a_dead_variant_stays_in_the_family_of_equivalences() -> None:
    dead = [replace(run, outcome="diverged") for run in runs("dead", NOISE)]
    close, _ = judged(runs("baseline", BASELINE), runs("close", CLOSE), dead, margin=0.5)
    assert close.p_equivalent is not None
    assert close.p_equivalent_adjusted == 2 * close.p_equivalent


@pytest.mark.parametrize(
    ("scores", "margin", "words"),
    [
        (BETTER, None, "better only where it did not diverge"),
        (CLOSE, 0.5, "equivalent only where it did not diverge"),
    ],
)
def test_what_diverged_once_is_neither_better_nor_equivalent(
    scores: tuple[float, ...], margin: float | None, words: str
) -> None:
    wild = runs("wild", scores)
    wild[2] = replace(wild[2], outcome="diverged")
    (finding,) = judged(runs("baseline", BASELINE), wild, margin=margin)
    assert (finding.verdict, finding.n, finding.diverged) == ("inconclusive", 4, 1)
    assert finding.reason.startswith(f"from 4 of 5 planned pairs: {words};")
    assert finding.p_diverged == 1


def test_six_that_diverge_where_the_baseline_does_not_are_more_than_chance() -> None:
    baseline, wild = runs("baseline", (*BASELINE, 30.2)), runs("wild", (*BETTER, 32.0))
    wild = [replace(run, outcome="diverged") for run in wild]
    assert judged(baseline, wild)[0].p_diverged == 0.03125
    assert judged(baseline, wild)[0].reason.endswith(
        "diverged in 6 of 6 seeds, the baseline in 0 of 6 (McNemar p = .031)"
    )
    by_welch = judged(baseline, wild, method="welch")[0]
    assert by_welch.p_diverged == pytest.approx(2 / math.comb(12, 6))
    assert judged(baseline, runs("tame", BETTER))[0].p_diverged is None


def test_welch_compares_runs_that_share_nothing() -> None:
    baseline, ours = runs("baseline", BASELINE), runs("wider", (*BETTER, 31.9, 33.0))
    baseline[1] = replace(baseline[1], outcome="failed")
    scores = [run.scores["bleu"] for run in baseline if run.outcome == "finished"]
    theirs = scipy.stats.ttest_ind((*BETTER, 31.9, 33.0), scores, equal_var=False)
    (finding,) = judged(baseline, ours, method="welch", margin=5)
    assert (finding.method, finding.n, finding.n_baseline) == ("welch", 7, 4)
    assert finding.p == pytest.approx(theirs.pvalue)
    assert (finding.interval_low, finding.interval_high) == pytest.approx(
        tuple(theirs.confidence_interval(0.95))
    )
    assert finding.difference == pytest.approx(finding.variant_mean - finding.baseline_mean)
    pooled = (
        (3 * statistics.variance(scores) + 6 * statistics.variance((*BETTER, 31.9, 33.0))) / 9
    ) ** 0.5
    assert finding.effect_size == pytest.approx(finding.difference / pooled * 0.9139, rel=1e-3)
    assert finding.detectable is not None
    assert finding.p_equivalent is not None
    flips = finding.p_sign_flip, finding.p_floor, finding.p_max_t, finding.correlation
    assert flips == (None, None, None, None)
    assert finding.verdict == "better"
    assert finding.reason == (
        "from 7 of 7 planned runs against 4 of 7:"
        " p < .001; within the margin of 5 (equivalence p < .001); the baseline failed in 1 of 5"
        " runs; the baseline was not run in 2 of 7 planned runs"
    )


def test_welch_needs_two_runs_a_side() -> None:
    (finding,) = judged(runs("baseline", BASELINE), runs("wider", BETTER[:1]), method="welch")
    assert finding.verdict == "no_inference"
    assert finding.reason.startswith(
        "1 run against 5 runs of the baseline, and a test needs 2 of each; the variant was not run"
    )


def test_a_finding_says_how_sure_it_is() -> None:
    (finding,) = judged(runs("baseline", BASELINE), runs("wider", BETTER))
    differences = [ours - theirs for ours, theirs in zip(BETTER, BASELINE, strict=True)]
    sd = statistics.stdev(differences)
    assert finding.effect_size == pytest.approx(
        statistics.mean(differences) / sd * 0.7979, rel=1e-3
    )
    assert finding.detectable == pytest.approx(1.68 * sd, rel=0.005)  # five seeds, one variant
    assert finding.correlation == pytest.approx(statistics.correlation(BETTER, BASELINE))
    assert finding.p_max_t == 0.0625
    counts = finding.planned, finding.finished, finding.failed, finding.diverged
    assert counts == (5, 5, 0, 0)


def test_the_joint_test_and_what_could_be_detected_know_the_family() -> None:
    alone = judged(runs("baseline", BASELINE), runs("odd", NOISE))[0]
    together = judged(
        runs("baseline", BASELINE),
        runs("odd", NOISE),
        *(runs(f"v{n}", NOISE[::-1]) for n in range(4)),
    )[0]
    assert together.detectable == pytest.approx(2.63 / 1.68 * alone.detectable, rel=0.005)
    assert together.p_max_t > alone.p_max_t == alone.p_sign_flip


def test_a_study_in_which_nothing_ran_has_findings_all_the_same(
    capsys: pytest.CaptureFixture[str],
) -> None:
    metrics, comparison = [BLEU, NLL], Comparison(primary="bleu", margin=1)
    for method in ("paired_t", "welch"):
        findings = compare(
            [],
            variants=["baseline", "a", "b"],
            seeds=[1, 2],
            metrics=metrics,
            comparison=replace(comparison, method=method),
        )
        assert {finding.verdict for finding in findings} == {"no_inference"}
    assert capsys.readouterr() == ("", "")
