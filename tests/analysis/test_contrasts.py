"""The comparisons of a study, and the families in which they are corrected."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence

import pytest
import scipy.stats
from statsmodels.stats.multitest import multipletests

from harness.analysis import RunResult, ScoredMetric, compare
from harness.contracts import Design, Factorial, Finding
from harness.study.values import Comparison

BLEU = ScoredMetric(name="bleu", higher_is_better=True)
SEEDS = (1, 2, 3, 4, 5)
SHIFTS = {"baseline": 0.0, "a": 1.0, "b": 2.5, "again": 0.0, "once-more": 0.1}


def scores(variant: str, *, shift: float = 0.0) -> list[float]:
    stream = random.Random(variant)
    return [30 + seed + shift + stream.gauss(0, 0.5) for seed in SEEDS]


SCORES = {variant: scores(variant, shift=shift) for variant, shift in SHIFTS.items()}


def judge(
    variants: Sequence[str], *, design: Design, against: str = "baseline", dead: str = ""
) -> list[Finding]:
    results = [
        RunResult(
            variant=variant,
            seed=seed,
            outcome="diverged" if (variant, seed) == (dead, 2) else "finished",
            scores={"bleu": score},
        )
        for variant in variants
        for seed, score in zip(SEEDS, SCORES[variant], strict=True)
    ]
    comparison = Comparison(primary="bleu", against=against)  # type: ignore[arg-type]  # checked when loaded
    return [
        *compare(
            results,
            variants=variants,
            seeds=SEEDS,
            metrics=[BLEU],
            comparison=comparison,
            design=design,
        )
    ]


# --- the noise floor ----------------------------------------------------------------------------


def test_a_variant_that_changes_nothing_weakens_no_other() -> None:
    alone = judge(["baseline", "a", "b"], design=Design())
    with_floor = judge(["baseline", "a", "again", "b"], design=Design(noise_floor=("again",)))
    assert with_floor[:2] == alone
    assert [finding.kind for finding in with_floor] == ["variant", "variant", "noise_floor"]
    assert with_floor[2].p_adjusted == with_floor[2].p
    assert with_floor[2].reason.startswith("nothing but chance differs; ")


def test_variants_that_change_nothing_are_corrected_for_each_other() -> None:
    floor = ("again", "once-more")
    findings = judge(["baseline", *floor], design=Design(noise_floor=floor))
    expected = multipletests([finding.p for finding in findings], method="holm")[1]
    assert [finding.p_adjusted for finding in findings] == pytest.approx(list(expected))
    assert all("after Holm over 2 variants that change nothing" in f.reason for f in findings)


def test_a_verdict_on_what_changes_nothing_is_called_a_false_alarm() -> None:
    (finding,) = judge(["baseline", "b"], design=Design(noise_floor=("b",)))
    assert finding.verdict == "better"
    assert finding.reason.startswith(
        "nothing but chance differs, so that this is a false alarm; 5 of 5 seeds higher"
    )


# --- all pairs ----------------------------------------------------------------------------------


def test_each_against_each_is_every_pair_corrected_for_all() -> None:
    names = ["baseline", "a", "b"]
    findings = judge(names, design=Design(), against="each")
    pairs = [("a", "baseline"), ("b", "baseline"), ("b", "a")]
    assert [(finding.variant, finding.against) for finding in findings] == pairs
    expected = [scipy.stats.ttest_rel(SCORES[one], SCORES[other]).pvalue for one, other in pairs]
    assert [finding.p for finding in findings] == pytest.approx(expected)
    adjusted = multipletests(expected, method="holm")[1]
    assert [finding.p_adjusted for finding in findings] == pytest.approx(list(adjusted))
    assert findings[2].baseline_mean == pytest.approx(sum(SCORES["a"]) / 5)
    assert "after Holm over 3 comparisons" in findings[2].reason


def test_a_dead_side_of_a_pair_is_named() -> None:
    *_, last = judge(["baseline", "a", "b"], design=Design(), against="each", dead="a")
    assert (last.variant, last.against, last.n) == ("b", "a", 4)
    assert "diverged in 0 of 5 seeds, a in 1 of 5 (McNemar p = 1;" in last.reason


# --- factors ------------------------------------------------------------------------------------

LEVELS = {"A": ("baseline", "high"), "B": ("baseline", "low")}
CELLS = dict(
    zip(
        ["baseline", "a", "b", "again"],
        [dict(zip(LEVELS, levels, strict=True)) for levels in itertools.product(*LEVELS.values())],
        strict=True,
    )
)
CROSSED = Design(factorial=Factorial(factors=LEVELS, cells=CELLS))


def test_a_factorial_study_finds_effects_corrected_for_each_other() -> None:
    findings = judge([*CELLS], design=CROSSED)
    assert [finding.variant for finding in findings] == [
        *("A=high overall", "B=low overall", "A=high x B=low")
    ]
    assert [finding.against for finding in findings] == [
        *("A=baseline", "B=baseline", "the sum of its parts")
    ]
    low, b_only, a_only, both = (SCORES[name] for name in CELLS)
    per_seed = [ab - a - b + none for none, b, a, ab in zip(low, b_only, a_only, both, strict=True)]
    interaction = findings[2]
    assert interaction.kind == "effect"
    assert interaction.difference == pytest.approx(sum(per_seed) / 5)
    assert interaction.p == pytest.approx(scipy.stats.ttest_1samp(per_seed, 0).pvalue)
    assert interaction.variant_mean == pytest.approx(sum(both) / 5)
    adjusted = multipletests([finding.p for finding in findings], method="holm")[1]
    assert [finding.p_adjusted for finding in findings] == pytest.approx(list(adjusted))
    assert "after Holm over 3 effects" in interaction.reason


def test_what_diverged_is_a_cell_and_no_effect() -> None:
    design = Factorial(
        factors={"A": ("baseline", "a"), "B": ("baseline", "b")},
        cells={
            "baseline": {"A": "baseline", "B": "baseline"},
            "A=a": {"A": "a", "B": "baseline"},
            "B=b": {"A": "baseline", "B": "b"},
            "A=a+B=b": {"A": "a", "B": "b"},
        },
    )
    results = [
        RunResult(
            variant=cell,
            seed=seed,
            outcome="diverged" if (cell, seed) == ("A=a", 2) else "finished",
            scores={} if (cell, seed) == ("A=a", 2) else {"bleu": seed**2 + len(cell) * seed},
        )
        for cell in design.cells
        for seed in (1, 2, 3, 4)
    ]
    findings = compare(
        results,
        variants=[*design.cells],
        seeds=[1, 2, 3, 4],
        metrics=[ScoredMetric(name="bleu", higher_is_better=True)],
        comparison=Comparison(primary="bleu"),
        design=Design(factorial=design),
    )
    endings = [finding.reason.rpartition("; ")[2] for finding in findings]
    assert endings == [
        "a cell of A=a overall diverged in 1 of 4 seeds",
        "a cell of B=baseline diverged in 1 of 4 seeds",
        "a cell of the sum of its parts diverged in 1 of 4 seeds",
    ]


def test_an_effect_counts_the_seeds_that_all_its_cells_have() -> None:
    main, *_, interaction = judge([*CELLS], design=CROSSED, dead="a")
    assert (main.n, interaction.n) == (4, 4)
    assert "the sum of its parts diverged in 1 of 5 seeds" in interaction.reason
    assert main.p_diverged is interaction.p_diverged is None
