"""Equal tuning gives every variant the same values, or reports the reason that it cannot."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support.third_party import Dropout
from support.tiny_study import TINY

from harness.errors import StudyError
from harness.loading import load
from harness.study.values import Study

Load = Callable[..., Study]
Faults = Callable[..., list[str]]


def tune(text: str) -> tuple[str, str]:
    """The study with tuning, in its 18th line."""
    return "seeds: 5\n", f"seeds: 5\ntune: {text}\n"


def test_every_variant_is_tried_at_every_value(loaded: Load) -> None:
    study = loaded(tune("{grid: {schedule.noam.warmup: [50, 100]}, seeds: 2}"))
    assert study.tuning
    assert study.tuning.option == "schedule.noam.warmup"
    assert [*study.tuning.candidates] == [*study.variants]
    assert study.tuning.trial_seeds[3] == (1_000_003, 2_000_003)
    assert len(set(study.tuning.all_trial_seeds) - set(study.seeds)) == 2 * 5
    assert not study.tuning.once
    for variant, values in study.tuning.candidates.items():
        assert [*values] == ["50", "100"]
        assert values["100"] == study.variants[variant]
        assert values["50"].schedule.warmup == 50  # type: ignore[attr-defined]  # it is a Noam
        assert values["50"].loss == study.variants[variant].loss
    name = study.tuning.name("no-dropout", value="50")
    assert study.experiments[name] == study.tuning.candidates["no-dropout"]["50"]
    assert loaded().tuning is None


def test_one_choice_for_all_seeds_has_the_same_trials_for_each(loaded: Load) -> None:
    study = loaded(tune("{grid: {schedule.noam.warmup: [50, 100]}, seeds: 2, choice: once}"))
    assert study.tuning
    assert study.tuning.once
    assert study.tuning.trial_seeds == dict.fromkeys(study.seeds, (1_000_001, 1_000_002))


def test_no_trial_shares_a_seed_with_a_run_or_another_trial(loaded: Load) -> None:
    seeds = (0, 1, 999_999, 1_000_000, 2_000_001)
    tuned = "tune: {grid: {schedule.noam.warmup: [5, 9]}, seeds: 3}"
    study = loaded(("seeds: 5\n", f"seeds: {[*seeds]}\n{tuned}\n"))
    assert study.tuning
    trials = study.tuning.all_trial_seeds
    assert len({*trials, *seeds}) == 3 * 5 + 5


def test_a_bare_value_can_be_tuned(loaded: Load) -> None:
    study = loaded(
        ("no-dropout: {regularizers: {dropout: off}}", "post: {model: {norm: post}}"),
        tune("{grid: {regularizers.dropout.rate: [0.2, 0.3]}}"),
    )
    assert study.tuning
    assert study.tuning.candidates["post"]["0.3"].regularizers == {"dropout": Dropout(rate=0.3)}


def test_a_variant_that_changes_only_the_tuned_option_is_refused(faults: Faults) -> None:
    changed = ("no-dropout: {regularizers: {dropout: off}}", "hot: {regularizers: {dropout: 0.4}}")
    (fault,) = faults(changed, tune("{grid: {regularizers.dropout.rate: [0.2, 0.3]}}"))
    assert fault.endswith(": variant 'hot' changes only the tuned option; remove the variant")


def test_the_option_of_another_model_is_named_where_it_is(tmp_path: Path) -> None:
    other = "decoder: {model: {decoder_only: {d_model: 16, d_ff: 32, heads: 2, layers: 1}}}"
    text = TINY.replace("variants:", f"variants:\n  {other}")
    path = tmp_path / "tiny.yaml"
    path.write_text(f"{text}tune: {{grid: {{model.d_ff: [16, 32]}}}}\n")
    with pytest.raises(StudyError) as refused:
        load(path)
    assert str(refused.value).endswith(
        "variant 'decoder' has no option model.d_ff, which is model.decoder_only.d_ff there; "
        "tune one that every variant has"
    )


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            "{grid: {regularizers.dropout.rate: [0.1, 0.2]}}",
            (
                "18:15: variant 'no-dropout' has no option regularizers.dropout.rate; "
                "tune one that every variant has"
            ),
        ),
        ("{grid: {schedule.noam.warmup: [50, 0]}}", "18:42: warmup must be above 0, got 0"),
        ("{grid: {model.heads: [5, 2]}}", "18:29: heads must divide d_model"),
        (
            "{grid: {model.heads: [2, 4], model.layers: [1, 2]}}",
            "18:36: tune one option only; remove 'model.layers'",
        ),
        ("{grid: {model.heads: [2]}}", "18:28: tune.grid.model.heads must be at least 2 long"),
        ("{grid: {schedule.noam.warmup: [50, 80, 50]}}", "18:46: 50 is listed twice; remove one"),
        (
            "{grid: {replicate: [1, 2]}}",
            "18:15: 'replicate' only changes the random numbers, so it cannot be tuned",
        ),
        ("{seeds: 1}", "18:1: tune needs 'grid'"),
        (
            "{grid: {schedule.noam.warmup: [50, 80]}, choice: never}",
            "18:56: tune.choice must be one of per_seed, once, got 'never'",
        ),
    ],
)
def test_a_fault_of_tuning_has_its_place(text: str, fault: str, faults: Faults) -> None:
    assert any(line.startswith(f"study.yaml:{fault}") for line in faults(tune(text)))
