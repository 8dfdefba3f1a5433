"""Effects of factors, against the repeated-measures analysis of variance and by hand."""

from __future__ import annotations

import itertools
import random

import pytest
from scipy.stats import ttest_1samp
from statsmodels.stats.anova import AnovaRM

from harness.analysis import RunResult
from harness.analysis.factorial import FactorialEffect, combine_cells, factorial_effects
from harness.contracts import Factorial


def factorial(**factors: tuple[str, ...]) -> Factorial:
    """Cells named after their levels' first letters; the first is the baseline."""
    cells = {}
    for levels in itertools.product(*factors.values()):
        named = dict(zip(factors, levels, strict=True))
        cells["".join(levels) if cells else "baseline"] = named
    return Factorial(factors=factors, cells=cells)


TWO = factorial(A=("0", "a"), B=("0", "b"))
THREE = factorial(A=("0", "a"), B=("0", "b"), D=("0", "c"))
UNEVEN = factorial(A=("0", "a", "o"), B=("0", "b"))


def runs(design: Factorial, *, seeds: int = 5) -> dict[tuple[str, int], RunResult]:
    """Made-up scores in which seeds differ, factors act, and some of them together."""
    stream = random.Random(7)
    results = {}
    for seed in range(1, seeds + 1):
        level = stream.gauss(30, 3)
        for variant, cell in design.cells.items():
            on = [name for name, value in cell.items() if value != design.factors[name][0]]
            score = level + 1.5 * len(on) + 2.5 * (len(on) > 1) + stream.gauss(0, 1)
            results[variant, seed] = RunResult(
                variant=variant, seed=seed, outcome="finished", scores={"bleu": score}
            )
    return results


def contrast(effect: FactorialEffect, results: dict[tuple[str, int], RunResult]) -> list[float]:
    """The effect, seed by seed."""
    values = []
    for seed in sorted({seed for _, seed in results}):
        sides = [
            combine_cells(results, weights=weights, name="x", seed=seed)
            for weights in (effect.observed, effect.expected)
        ]
        observed, expected = (side.scores["bleu"] for side in sides if side)
        values.append(observed - expected)
    return values


def test_two_factors_have_two_main_effects_and_an_interaction() -> None:
    first, second, both = factorial_effects(TWO)
    assert [effect.name for effect in (first, second, both)] == [
        *("A=a overall", "B=b overall", "A=a x B=b")
    ]
    assert first.observed == {"a0": 0.5, "ab": 0.5}
    assert first.expected == {"baseline": 0.5, "0b": 0.5}
    assert both.observed == {"ab": 1}
    assert both.expected == {"a0": 1, "0b": 1, "baseline": -1}


def test_sides_that_average_over_the_same_corpora_are_comparable() -> None:
    """An interaction over two corpora has one cell of each on one side, and three on the other."""
    design = Factorial(factors=THREE.factors, cells=THREE.cells, corpora="D")
    results = {
        (variant, 1): RunResult(
            variant=variant,
            seed=1,
            outcome="finished",
            scores={"bleu": 1.0},
            references=f"sentences of {cell['D']}",
        )
        for variant, cell in design.cells.items()
    }
    for effect in factorial_effects(design):
        sides = [
            combine_cells(results, weights=weights, name="x", seed=1)
            for weights in (effect.observed, effect.expected)
        ]
        assert len({side.references for side in sides if side}) == 1, effect.name
    across = [*factorial_effects(THREE)][2]  # of D, were it an ordinary factor
    one, other = (
        combine_cells(results, weights=weights, name="x", seed=1)
        for weights in (across.observed, across.expected)
    )
    assert one
    assert other
    assert one.references != other.references


@pytest.mark.parametrize("design", [TWO, THREE, UNEVEN])
def test_there_are_as_many_effects_as_variants_each_a_contrast(design: Factorial) -> None:
    effects = [*factorial_effects(design)]
    assert len(effects) == len(design.cells) - 1
    assert len({effect.name for effect in effects}) == len(effects)
    for effect in effects:
        assert sum(effect.observed.values()) == pytest.approx(1)
        assert sum(effect.expected.values()) == pytest.approx(1)


@pytest.mark.parametrize("design", [TWO, THREE])
def test_t_squared_is_the_f_of_a_repeated_measures_analysis_of_variance(design: Factorial) -> None:
    import pandas as pd

    results = runs(design)
    rows = [
        {"seed": seed, "bleu": run.scores["bleu"], **design.cells[variant]}
        for (variant, seed), run in results.items()
    ]
    within = [*design.factors]
    table = AnovaRM(pd.DataFrame(rows), "bleu", "seed", within=within).fit().anova_table
    for effect in factorial_effects(design):
        t = ttest_1samp(contrast(effect, results), 0)
        row = table.loc[":".join(effect.factors)]
        assert t.statistic**2 == pytest.approx(row["F Value"])
        assert t.pvalue == pytest.approx(row["Pr > F"])


def test_an_effect_of_a_factor_with_three_levels_is_of_one_level_against_the_first() -> None:
    results = runs(UNEVEN)
    by_name = {effect.name: effect for effect in factorial_effects(UNEVEN)}
    assert [*by_name] == [*("A=a overall", "A=o overall", "B=b overall", "A=a x B=b", "A=o x B=b")]

    def score(variant: str, seed: int) -> float:
        return results[variant, seed].scores["bleu"]

    seeds = range(1, 6)
    assert contrast(by_name["B=b overall"], results) == pytest.approx(
        [
            sum(score(f"{level}b", s) for level in "0ao") / 3
            - (score("baseline", s) + score("a0", s) + score("o0", s)) / 3
            for s in seeds
        ]
    )
    assert contrast(by_name["A=o x B=b"], results) == pytest.approx(
        [score("ob", s) - score("o0", s) - score("0b", s) + score("baseline", s) for s in seeds]
    )


def test_three_factors_together_are_what_no_two_of_them_explain() -> None:
    (*_, all_three) = factorial_effects(THREE)
    assert all_three.name == "A=a x B=b x D=c"
    assert all_three.observed == {"abc": 1}
    assert all_three.expected == {
        "ab0": 1,
        "a0c": 1,
        "0bc": 1,
        "a00": -1,
        "0b0": -1,
        "00c": -1,
        "baseline": 1,
    }


def test_factors_that_add_up_do_not_interact() -> None:
    results = {
        (variant, seed): RunResult(
            variant=variant,
            seed=seed,
            outcome="finished",
            scores={"bleu": 10 * seed + 3 * (cell["A"] == "a") - 2 * (cell["B"] == "b")},
        )
        for variant, cell in TWO.cells.items()
        for seed in (1, 2, 3)
    }
    first, second, both = (contrast(effect, results) for effect in factorial_effects(TWO))
    assert (first, second, both) == ([3] * 3, [-2] * 3, [0] * 3)


def test_a_seed_is_as_dead_as_the_worst_of_its_cells() -> None:
    results = runs(TWO)
    weights = {"a0": 0.5, "ab": 0.5}
    results["ab", 2] = RunResult(variant="ab", seed=2, outcome="diverged")
    del results["a0", 3]
    combined = [combine_cells(results, weights=weights, name="x", seed=seed) for seed in (1, 2, 3)]
    assert [run and run.outcome for run in combined] == ["finished", "diverged", None]
    assert combined[1] is not None
    assert combined[1].scores == {}


def test_cells_scored_on_other_sentences_are_not_added_up_unseen() -> None:
    results = runs(TWO)
    for (variant, seed), run in [*results.items()]:
        references = "others" if variant == "ab" else "these"
        results[variant, seed] = RunResult(
            variant=variant, seed=seed, outcome="finished", scores=run.scores, references=references
        )
    first = next(factorial_effects(TWO))
    sides = [
        combine_cells(results, weights=weights, name="x", seed=1)
        for weights in (first.observed, first.expected)
    ]
    assert sides[0]
    assert sides[1]
    assert sides[0].references != sides[1].references
