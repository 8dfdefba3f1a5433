"""A sweep and a factorial study are written out as variants, and their faults keep their place."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.third_party import Dropout, LabelSmoothing, Noam

from harness.contracts import Level
from harness.study.values import Study

Load = Callable[..., Study]
Faults = Callable[..., list[str]]

VARIANTS = """variants:
  no-dropout: {regularizers: {dropout: off}}
  cross-entropy: {loss: cross_entropy}
"""


def grid(text: str) -> tuple[str, str]:
    """The study with a grid, in its 14th line, in place of its variants."""
    return VARIANTS, f"grid: {text}\n"


def factors(*lines: str) -> tuple[str, str]:
    """The study with factors, from its 15th line on, in place of its variants."""
    return VARIANTS, "\n".join(["factors:", *(f"  {line}" for line in lines), ""])


# --- a sweep of one option ----------------------------------------------------------------------


def test_a_grid_is_one_variant_per_value_except_the_baseline_s_own(loaded: Load) -> None:
    study = loaded(grid("{regularizers.dropout: [0.0, 0.10, 0.2]}"))
    assert list(study.variants) == ["baseline", "dropout=0.0", "dropout=0.2"]
    assert study.variants["dropout=0.2"].regularizers == {"dropout": Dropout(rate=0.2)}
    assert study.design.sweep
    assert study.design.sweep.option == "regularizers.dropout"
    assert study.design.sweep.levels == (
        Level(0.0, "dropout=0.0"),
        Level(0.1, "baseline"),
        Level(0.2, "dropout=0.2"),
    )


def test_other_options_of_a_swept_choice_keep_the_baseline_s_values(loaded: Load) -> None:
    study = loaded(
        grid("{schedule.noam.warmup: [50, 200]}"), ("{warmup: 100}", "{warmup: 100, factor: 3}")
    )
    assert study.variants["warmup=50"].schedule == Noam(warmup=50, factor=3.0)
    assert study.variants["baseline"].schedule == Noam(warmup=100, factor=3.0)


def test_a_bare_value_in_the_baseline_is_that_option(loaded: Load) -> None:
    study = loaded(grid("{regularizers.dropout.rates: [{residual: 0.5}]}"))
    (variant,) = [name for name in study.variants if name != "baseline"]
    assert variant == "rates=residual-0.5"
    assert study.variants[variant].regularizers == {
        "dropout": Dropout(rate=0.1, rates={"residual": 0.5})
    }


def test_a_grid_reaches_every_kind_of_option(loaded: Load) -> None:
    def other(text: str) -> Study:
        return loaded(grid(text))

    assert other("{model.heads: [2]}").variants["heads=2"].model.heads == 2
    assert other("{budget.updates: [9]}").variants["updates=9"].budget.batch_tokens == 800
    assert other("{replicate: [1, 2]}").variants["replicate=2"].replicate == 2
    loss = other("{loss: [cross_entropy, {label_smoothing: {smoothing: 0.1}}]}")
    assert list(loss.variants) == ["baseline", "loss=cross_entropy"]
    assert loss.variants["baseline"].loss == LabelSmoothing(smoothing=0.1)


def test_off_is_a_value_even_if_the_baseline_has_nothing_to_turn_off(loaded: Load) -> None:
    study = loaded(grid("{regularizers.r_drop.alpha: [1, 5]}"))
    assert list(study.variants["alpha=5"].regularizers) == ["dropout", "r_drop"]
    swept = loaded(grid("{regularizers.dropout: [off, 0.1]}"))
    assert swept.variants["dropout=off"].regularizers == {}
    absent = loaded(("{dropout: 0.1}\n", "{}\n"), grid("{regularizers.dropout: [off, 0.1]}"))
    assert list(absent.variants) == ["baseline", "dropout=0.1"]


def test_a_grid_and_variants_can_be_combined(loaded: Load) -> None:
    study = loaded((VARIANTS, f"{VARIANTS}grid: {{regularizers.dropout: [0.3]}}\n"))
    assert list(study.variants) == ["baseline", "no-dropout", "cross-entropy", "dropout=0.3"]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            "{regularizers.dropuot: [0.1, 0.2]}",
            "14:21: no regularizer named 'dropuot'; did you mean 'dropout'?",
        ),
        (
            "{'regularizers.dropout': [0.1, 1.5]}",
            "14:38: rate must be at least 0 and below 1, got 1.5",
        ),
        (
            "{schedule.noam.warmpu: [3]}",
            "14:22: no option 'warmpu' in noam; did you mean 'warmup'?",
        ),
        (
            "{regularisers.dropout: [3]}",
            "14:8: no option 'regularisers' in an experiment; did you mean 'regularizers'?",
        ),
        (
            "{regularizers.dropout: [0.3, 0.4, 0.3]}",
            "14:41: the name 'dropout=0.3' is already in use; rename or remove one",
        ),
        (
            "{model.heads: [2], model.layers: [3]}",
            "14:26: a grid sweeps one option; use factors to combine it with 'model.layers'",
        ),
        ("{model.heads: 2}", "14:21: grid.model.heads must be a list, each anything, got 2"),
        ("{model.heads: []}", "14:21: grid.model.heads must be at least 1 long, got []"),
        ("{}", "14:7: grid must be at least 1 long, got {}"),
        (
            "{regularizers.dropout: [0.1]}",
            "14:31: every value of this grid equals the baseline's; add another value",
        ),
    ],
)
def test_a_fault_of_a_grid_has_its_place(text: str, fault: str, faults: Faults) -> None:
    assert faults(grid(text)) == [f"study.yaml:{fault}"]


def test_a_variant_cannot_share_its_name_with_a_value_of_the_grid(faults: Faults) -> None:
    both = f"{VARIANTS.replace('no-dropout', 'heads=2')}grid: {{model.heads: [2]}}\n"
    assert faults((VARIANTS, both)) == [
        "study.yaml:17:22: the name 'heads=2' is already in use; rename or remove one"
    ]


# --- factors ------------------------------------------------------------------------------------

DROPOUT = "dropout: {none: {regularizers: {dropout: off}}, high: {regularizers: {dropout: 0.5}}}"
LOSS = "loss: {plain: {loss: cross_entropy}}"


def test_factors_are_every_combination_of_their_levels(loaded: Load) -> None:
    study = loaded(factors(DROPOUT, LOSS))
    assert list(study.variants) == [
        "baseline",
        "loss=plain",
        "dropout=none",
        "dropout=none+loss=plain",
        "dropout=high",
        "dropout=high+loss=plain",
    ]
    both = study.variants["dropout=high+loss=plain"]
    assert both.regularizers == {"dropout": Dropout(rate=0.5)}
    assert both.loss.name == "cross_entropy"
    factorial = study.design.factorial
    assert factorial
    assert factorial.factors == {
        "dropout": ("baseline", "none", "high"),
        "loss": ("baseline", "plain"),
    }
    assert factorial.cells["dropout=none"] == {"dropout": "none", "loss": "baseline"}
    assert factorial.cell({"dropout": "high", "loss": "plain"}) == "dropout=high+loss=plain"
    assert factorial.cell({}) == "baseline"


def test_factors_may_change_different_keys_of_one_choice(loaded: Load) -> None:
    study = loaded(
        factors("heads: {two: {model: {heads: 2}}}", "layers: {three: {model: {layers: 3}}}")
    )
    both = study.variants["heads=two+layers=three"].model
    assert (both.heads, both.layers, both.d_model) == (2, 3, 64)


@pytest.mark.parametrize(
    ("lines", "fault"),
    [
        (
            (LOSS, "loss2: {smooth: {loss: label_smoothing}}"),
            (
                "16:20: loss is already changed by factor 'loss'; factor 'loss2' must change "
                "something else"
            ),
        ),
        (
            (LOSS, "dropout: {none: {regularizers: {dropuot: off}}}"),
            "16:35: no regularizer 'dropuot' to turn off; did you mean 'dropout'?",
        ),
        (
            (LOSS, "shape: {odd: {model: {heads: 5}}}"),
            "16:24: heads must divide d_model, got 5 heads and d_model 64",
        ),
        (
            (LOSS, "shape: {odd: {modle: 5}}"),
            "16:17: no option 'modle' in level 'odd' of factor 'shape'; did you mean 'model'?",
        ),
        (
            (LOSS, "heads: {four: {model: {heads: 4}}}"),
            "16:11: 'heads=four' equals the baseline; change one of its levels",
        ),
        (
            (LOSS, "heads: {'/': {model: {heads: 2}}}"),
            (
                "16:11: 'heads=/' is not a valid name: use at most 64 "
                "letters, digits and . _ + = -, starting with a letter or digit"
            ),
        ),
        (
            (LOSS,),
            "15:3: factors must be at least 2 long, got {loss: {plain: {loss: 'cross_entropy'}}}",
        ),
        (
            (LOSS, "heads: {baseline: {model: {heads: 2}}}"),
            "16:11: 'baseline' is already a level of factor 'heads'; rename this one",
        ),
        ((LOSS, "heads: {}"), "16:10: factors.heads must be at least 1 long, got {}"),
        ((LOSS, "heads: {two: 2}"), "16:16: factors.heads.two must be a mapping, got 2"),
    ],
)
def test_a_fault_of_factors_has_its_place(
    lines: tuple[str, ...], fault: str, faults: Faults
) -> None:
    assert f"study.yaml:{fault}" in faults(factors(*lines))


def test_too_many_combinations_are_refused(faults: Faults) -> None:
    lines = [f"f{n}: {{a: {{model: {{heads: 2}}}}}}" for n in range(7)]
    assert (
        "study.yaml:15:3: 128 combinations exceed the limit of 64; remove factors or levels"
        in faults(factors(*lines))
    )


def test_factors_cannot_be_combined_with_variants(faults: Faults) -> None:
    text = f"{VARIANTS}factors: {{heads: {{two: {{model: {{heads: 2}}}}}}, {LOSS}}}\n"
    assert faults((VARIANTS, text)) == [
        "study.yaml:14:1: variants and factors cannot be combined; move one to another study"
    ]


def test_effects_are_not_compared_pair_by_pair(faults: Faults) -> None:
    changes = (factors(DROPOUT, LOSS), ("primary: bleu", "against: each, primary: bleu"))
    assert faults(*changes) == [
        (
            "study.yaml:19:20: factors are compared by their effects, not pair by pair; "
            "remove 'against: each'"
        )
    ]


def test_ranks_need_pairs_of_runs(faults: Faults) -> None:
    ranked = ("primary: bleu", "diverged: worst, primary: bleu")
    assert faults(factors(DROPOUT, LOSS), ranked) == [
        (
            "study.yaml:19:21: ranks pairs of runs, and factors are compared by sums of runs;"
            " remove it"
        )
    ]
    (fault,) = faults(("method: paired_t", "method: welch, diverged: worst"))
    assert fault.endswith("ranks differences of pairs, and welch pairs nothing; remove one of them")


def test_diverged_runs_rank_worst_where_a_study_says_so(loaded: Load) -> None:
    assert loaded().compare.diverged == "excluded"
    study = loaded(("primary: bleu", "diverged: worst, primary: bleu"))
    assert study.compare.diverged == "worst"


# --- the noise floor ----------------------------------------------------------------------------


def test_a_variant_that_changes_nothing_but_chance_measures_the_noise_floor(loaded: Load) -> None:
    study = loaded(
        ("no-dropout: {regularizers: {dropout: off}}", "again: {replicate: 1}"),
        ("{loss: cross_entropy}", "{replicate: 2, loss: cross_entropy}"),
    )
    assert study.design.noise_floor == ("again",)
    assert loaded().design.noise_floor == ()


# --- seeds that stop themselves -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "looks"),
    [
        ("{least: 3, most: 12, until: decided}", (3, 6, 9, 12)),
        ("{least: 3, most: 12, step: 4}", (3, 7, 11, 12)),
        ("{least: 5, most: 6}", (5, 6)),
        ("{least: 2, most: 20}", (2, 8, 14, 20)),
    ],
)
def test_a_study_that_stops_itself_has_a_schedule_of_looks(
    text: str, looks: tuple[int, ...], loaded: Load
) -> None:
    study = loaded(("seeds: 5", f"seeds: {text}"))
    assert study.design.looks == looks
    assert study.seeds == tuple(range(1, looks[-1] + 1))


def test_a_number_of_seeds_from_the_caller_replaces_the_looks(loaded: Load) -> None:
    study = loaded(("seeds: 5", "seeds: {least: 3, most: 12}"), seeds=4)
    assert (study.seeds, study.design.looks) == ((1, 2, 3, 4), ())


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{least: 1, most: 12}", "17:16: least must be at least 2, got 1"),
        ("{least: 3, moist: 12}", "17:19: no option 'moist' in seeds; did you mean 'most'?"),
        ("{least: 6, most: 6}", "17:8: most must be above least, got 6 and 6"),
        ("{least: 3, most: 9, until: bored}", "17:35: until must be one of decided, got 'bored'"),
    ],
)
def test_a_fault_of_such_seeds_has_its_place(text: str, fault: str, faults: Faults) -> None:
    assert f"study.yaml:{fault}" in faults(("seeds: 5", f"seeds: {text}"))


@pytest.mark.parametrize(
    ("values", "repeated", "first"),
    [
        ("0.2, 0.20", "dropout=0.20", "dropout=0.2"),
        ("0.2, 2e-1", "dropout=2e-1", "dropout=0.2"),
        ("0.2, {rate: 0.2}", "dropout=rate-0.2", "dropout=0.2"),
    ],
)
def test_a_value_that_is_spelled_differently_is_the_same(
    faults: Faults, values: str, repeated: str, first: str
) -> None:
    (fault,) = faults(grid(f"{{regularizers.dropout: [{values}]}}"))
    assert fault.endswith(f"'{repeated}' is the same experiment as '{first}'; remove one")


def test_every_spelling_beyond_the_first_is_a_fault(faults: Faults) -> None:
    assert len(faults(grid("{regularizers.dropout: [0.2, 0.20, 2.0e-1, 0.3]}"))) == 2
