"""Reasons say no more than the numbers do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from harness.analysis import RunResult, ScoredMetric, compare, p_text
from harness.analysis.contrasts import Contrast
from harness.analysis.correction import judge
from harness.analysis.interim import interim_analyses
from harness.analysis.p_values import p_equation
from harness.analysis.permutation import FLIPS, sign_flip_floor, sign_flip_p
from harness.analysis.verdict_text import reason
from harness.contracts import Finding
from harness.study.values import Comparison

Score = float | str  # of a finished run, or the outcome of any other
BLEU = ScoredMetric(name="bleu", higher_is_better=True)


def runs(sides: Mapping[str, Sequence[Score]]) -> list[RunResult]:
    return [
        RunResult(variant=name, seed=seed, outcome=score)  # type: ignore[arg-type]  # an outcome
        if isinstance(score, str)
        else RunResult(variant=name, seed=seed, outcome="finished", scores={"bleu": score})
        for name, scores in sides.items()
        for seed, score in enumerate(scores, start=1)
    ]


def judged(
    sides: Mapping[str, Sequence[Score]], *, metric: ScoredMetric = BLEU, **how: str | float
) -> list[Finding]:
    """The findings on these scores, a list for each variant."""
    return [
        *compare(
            runs(sides),
            variants=[*sides],
            seeds=range(1, max(map(len, sides.values())) + 1),
            metrics=[metric],
            comparison=Comparison(primary="bleu", **how),  # type: ignore[arg-type]  # its options
        )
    ]


def shifted(differences: Sequence[float]) -> dict[str, Sequence[Score]]:
    """A baseline without spread, and a variant with these differences to it."""
    return {"baseline": [0.0] * len(differences), "a": differences}


# --- p values -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("p", "text"),
    [
        (1.0, "1"),
        (0.9998, "> .999"),
        (0.99949, ".999"),
        (0.4321, ".4321"),
        (0.43214, ".432"),
        (0.0121888, ".012"),
        (0.0625, ".0625"),
        (0.25, ".25"),
        (0.000999, "< .001"),
        (0.0, "< .001"),
    ],
)
def test_p_is_printed_as_papers_do(p: float, text: str) -> None:
    assert p_text(p) == text
    assert p_equation(p) == f"p {text}" if text[0] in "<>" else f"p = {text}"


@pytest.mark.parametrize(
    ("p", "text"), [(0.04923, ".049"), (0.049973, ".04997"), (0.05003, ".050")]
)
def test_rounding_never_takes_p_across_the_bound(p: float, text: str) -> None:
    assert p_text(p) == text


# --- the look that gave p -----------------------------------------------------------------------

EARLY = [0.5, 0.3, 0.1, 0.45, 0.25, -0.6, 0.4, -0.7, 0.3, -0.5]
CLEAR = [0.50, 0.52, 0.47, 0.55, 0.49, -0.6, 0.4, -0.7, 0.3, -0.5]
NOISE = [0.1, -0.1, 0.05, -0.02, 0.03] * 2


def first_reason(*variants: Sequence[float], looks: Mapping[int, int]) -> str:
    """The reason for the first variant's verdict at the latest of these looks."""
    sides = {"baseline": [0.0] * 10} | {f"v{n}": side for n, side in enumerate(variants)}
    by_run = {(run.variant, run.seed): run for run in runs(sides)}
    family = [
        interim_analyses(
            Contrast(f"v{n}", "baseline", "variant", by_run),
            seeds=range(1, 11),
            metric=BLEU,
            comparison=Comparison(primary="bleu"),
            looks=looks,
        )
        for n in range(len(variants))
    ]
    return reason(judge(family, margin=None)[0])


def test_a_p_of_an_earlier_look_names_it_and_claims_nothing_of_the_latest_interval() -> None:
    told = first_reason(EARLY, *[NOISE] * 4, looks={5: 2, 10: 2})
    assert "p = .022 after 2 looks (at the look after 5 seeds), but .112 after Holm over 5" in told
    assert "excludes 0" not in told


def test_p_has_the_factor_of_the_look_that_gave_it() -> None:
    told = first_reason(CLEAR, looks={5: 2, 10: 30})
    assert "; p < .001 after a factor of 2 (at the look after 5 seeds);" in told
    # Below 2 * 2 / 2^5 at 5 seeds is not attainable, but 30 * 2 / 2^10 at 10 seeds is.
    assert "(below .059 is not attainable with 10 seeds)" in told
    late = [*NOISE[:5], *[1.0, 1.1, 0.9, 1.05, 0.95]]
    assert "after a factor of 30 for an added look;" in first_reason(late, looks={5: 2, 10: 30})
    assert "after 2 looks;" in first_reason(late, looks={5: 2, 10: 2})


# --- the least p that a test can reach -----------------------------------------------------------

SIX = [0.5, 0.4, 0.6, 0.3, 0.7, 0.2]


def test_the_least_p_of_a_sign_test_is_told_before_and_after_holm() -> None:
    first, second = judged({**shifted(SIX), "b": [-0.1, *SIX[1:]]}, method="sign_test")
    assert first.reason == (
        "6 of 6 seeds higher; sign test p = .031, the least that 6 seeds can reach, so .0625 after"
        " Holm over 2 variants"
    )
    assert "sign test p = .219 after Holm over 2 variants (below .0625 is not" in second.reason
    few, _ = judged({**shifted(SIX[:4]), "b": SIX[2:]}, method="sign_test")
    assert "p = .25 after Holm over 2 variants (below .25 is not attainable with 4" in few.reason


def test_what_the_rest_of_a_family_can_reach_bounds_the_p_after_holm() -> None:
    # Ten seeds reach .002: then six need not be doubled, and reach .031.
    sides = {**shifted([*SIX, 0.1, 0.2, 0.3, 0.4]), "b": [-0.1, *SIX[1:]]}
    assert "not attainable" not in judged(sides, method="sign_test")[1].reason


def test_seeds_that_are_tied_cannot_make_p_small() -> None:
    tied, _ = judged({**shifted([0.0] * 7), "b": SIX}, diverged="worst")
    assert (
        "better in 0 and worse in 0 of 7 seeds; signed-rank p = 1 after Holm over 2 variants"
        in tied.reason
    )
    assert ", as all 7 seeds are tied" in tied.reason
    died = ["diverged"] * 3
    both = {"baseline": [*died, 1.0, 1.2], "a": [*died, 2.0, 2.1]}
    (some,) = judged(both, diverged="worst")
    assert "p = .5 (below .5 is not attainable with 5 seeds, 3 of them tied)" in some.reason
    assert (
        "better in 2 and worse in 0 of 5 seeds (2 and 0 of the 2 that both finished), diverged runs"
        in some.reason
    )
    (flips,) = judged(shifted([0.0, 0.0, 0.0, 0.0, 0.3, 0.2]))
    assert (flips.p_floor, flips.p_sign_flip) == (0.5, 0.5)
    assert "sign-flip p = .5 (below .5 is not attainable with 6 seeds, 4 of" in flips.reason
    (signs,) = judged(shifted([0.0, 0.1, 0.3, 0.2, 0.5, 0.4]), method="sign_test")
    assert signs.p == signs.p_floor == pytest.approx(14 / 64)  # 2 P(B >= 5), B of 6 and 1/2


@pytest.mark.parametrize(("n", "tied"), [(6, 0), (6, 4), (6, 6), (40, 10)])
def test_the_floor_of_sign_flips_is_reached(n: int, tied: int) -> None:
    values = [0.0] * tied + [1.0] * (n - tied)
    assert sign_flip_p(values) == sign_flip_floor(n, tied=tied)
    assert sign_flip_floor(40, tied=38) == 0.5 > 1 / (FLIPS + 1)


def test_mcnemar_counts_the_seeds_that_it_uses() -> None:
    lost = ["failed", "failed", "diverged", "diverged", "diverged", 30.0]
    (finding,) = judged({"baseline": SIX, "a": lost})
    assert finding.reason.endswith(
        "diverged in 3 of 6 seeds, the baseline in 0 of 6 (McNemar p = .25 over the 4 seeds in"
        " which both runs finished or diverged; below .125 is not attainable there)"
    )
    whole = judged({"baseline": SIX, "a": ["diverged"] * 6})
    assert "not attainable" not in whole[0].reason


# --- differences and seeds ----------------------------------------------------------------------


def test_a_spread_beyond_the_metrics_range_is_cut_off() -> None:
    accuracy = ScoredMetric(name="bleu", higher_is_better=True, bounds=(0.0, 1.0))
    sides = {"baseline": [0.99, 0.98, 1.0, 0.97, 0.99], "a": [0.4, 0.99, 0.9, 0.96, 0.7]}
    (free,) = judged(sides)
    assert "a difference of 0.42 would show with 80% power" in free.reason
    assert "(0.25 to 1.2 over its 95% interval)" in free.reason
    (bounded,) = judged(sides, metric=accuracy)
    assert "(0.25 to more than bleu can have, over its 95% interval)" in bounded.reason


@pytest.mark.parametrize(
    ("differences", "words"),
    [
        (
            [0.1, 0.2, 0.1, 0.2, 0.1, 0.2, 0.1, -9],
            "7 of 8 seeds higher, though the mean is lower",
        ),
        ([0.1, 0.2, -0.1, 0.3], "3 of 4 seeds higher;"),
        ([-0.1, 0.2, -0.3, 0.3, -0.1], "3 of 5 seeds lower;"),
        ([0.1, -0.2, -0.3, 0.5], "2 of 4 seeds higher;"),
    ],
)
def test_the_direction_is_that_of_most_seeds(differences: list[float], words: str) -> None:
    assert judged(shifted(differences))[0].reason.startswith(words)


def test_ties_are_equal_scores_by_the_sign_test_too() -> None:
    (finding,) = judged(shifted([0.0] * 4), method="sign_test")
    told = "equal scores in 4 of 4 seeds; sign test p = 1, as all 4 seeds are tied"
    assert finding.reason == told


def test_one_pair_that_both_finished_is_not_counted() -> None:
    lost = {"baseline": [1.0, 1.1, 1.2, 1.3], "a": ["diverged"] * 3 + [2.0]}
    (finding,) = judged(lost, diverged="worst")
    assert finding.reason.startswith(
        "better in 1 and worse in 3 of 4 seeds (better in the one that both finished), diverged"
        " runs ranked worst;"
    )


# --- what a p is of, and what it was corrected for ------------------------------------------------


def test_a_margin_beside_ranks_is_of_the_pairs_that_finished_and_by_t_tests() -> None:
    near = [0.511, 0.41, 0.61, 0.31, 0.71, 0.21, 0.3]
    sides = {"baseline": [*SIX, "diverged"], "a": near}
    (finding,) = judged(sides, diverged="worst", margin=0.5)
    assert finding.verdict == "better"  # all seven ranks are up
    assert (
        "within the margin of 0.5 over the 6 seeds that both finished (equivalence p < .001 by t"
        " tests)" in finding.reason
    )


def test_a_sign_flip_p_beside_a_corrected_one_is_said_to_be_without_holm() -> None:
    alone, both = judged(shifted(SIX)), judged({**shifted(SIX), "b": SIX[::-1]})
    assert "; sign-flip p = .031, the least" in alone[0].reason
    assert "; sign-flip p = .031 without Holm, the least that 6 seeds can reach" in both[0].reason
    told = first_reason(CLEAR, NOISE, looks={5: 2, 10: 2})
    assert "sign-flip p = .125 after 2 looks (at the look after 5 seeds), without Holm" in told


def test_a_sign_flip_p_that_decides_is_told_once_and_before_holm() -> None:
    same = [0.5] * 8
    first, _ = judged({**shifted(same), "b": same})
    assert (first.p, first.p_adjusted) == (2 / 2**8, 4 / 2**8)
    assert first.reason == (
        "the same difference in 8 of 8 seeds, so there is no spread for a t test; sign-flip p ="
        " .008, the least that 8 seeds can reach, so .016 after Holm over 2 variants"
    )


def test_ties_count_against_a_difference_by_the_sign_test() -> None:
    (finding,) = judged(shifted([0.5, 0.4, 0.3, 0.2, 0.6, 0.7, 0.0, 0.0]), method="sign_test")
    assert finding.p == pytest.approx(74 / 256)  # 2 P(B >= 6), B of 8 and 1/2
    assert finding.reason.startswith(
        "6 of 8 seeds higher, and 2 tied, which count against a difference; sign test p = .289"
    )
    (one,) = judged(shifted([0.5, 0.4, 0.3, 0.2, 0.6, 0.7, 0.0]), method="sign_test")
    assert "and 1 tied, which counts against a difference;" in one.reason
    (flips,) = judged(shifted([0.5, 0.4, 0.3, 0.0]))  # which have no sign there
    assert "tied, which" not in flips.reason


def test_a_range_of_power_has_no_exponent() -> None:
    (finding,) = judged(shifted([-30.0, 10.0, 45.0]))
    # scipy's nct: power .8 at 5.654 standard errors of 37.53 / sqrt(3), then chi2 with df 2.
    assert "a difference of 120 would show with 80% power" in finding.reason
    assert "(64 to 770 over its 95% interval)" in finding.reason
