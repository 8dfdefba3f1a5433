"""Equal tuning gives every variant the same values, or says why it cannot."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.third_party import Dropout

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
    assert len(set(study.tuning.seeds) - set(study.seeds)) == 2
    for variant, values in study.tuning.candidates.items():
        assert [*values] == ["50", "100"]
        assert values["100"] == study.variants[variant]
        assert values["50"].schedule.warmup == 50  # type: ignore[attr-defined]  # it is a Noam
        assert values["50"].loss == study.variants[variant].loss
    name = study.tuning.name("no-dropout", value="50")
    assert study.experiments[name] == study.tuning.candidates["no-dropout"]["50"]
    assert loaded().tuning is None


def test_a_bare_value_can_be_tuned(loaded: Load) -> None:
    study = loaded(
        ("no-dropout: {regularizers: {dropout: off}}", "post: {model: {norm: post}}"),
        tune("{grid: {regularizers.dropout.rate: [0.2, 0.3]}}"),
    )
    assert study.tuning
    assert study.tuning.candidates["post"]["0.3"].regularizers == {"dropout": Dropout(rate=0.3)}


def test_what_tuning_sets_in_all_variants_is_no_difference_of_one(faults: Faults) -> None:
    changed = ("no-dropout: {regularizers: {dropout: off}}", "hot: {regularizers: {dropout: 0.4}}")
    (fault,) = faults(changed, tune("{grid: {regularizers.dropout.rate: [0.2, 0.3]}}"))
    assert fault.endswith(": tuning decides all that variant 'hot' changes")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            "{grid: {regularizers.dropout.rate: [0.1, 0.2]}}",
            "18:15: variant 'no-dropout' has no regularizers.dropout.rate, and cannot be tuned",
        ),
        ("{grid: {schedule.noam.warmup: [50, 0]}}", "18:42: warmup must be above 0, got 0"),
        ("{grid: {model.heads: [5, 2]}}", "18:29: heads must divide d_model"),
        ("{grid: {model.heads: [2, 4], model.layers: [1, 2]}}", "18:36: tuning is of one option"),
        ("{grid: {model.heads: [2]}}", "18:28: tune.grid.model.heads must be at least 2 long"),
        ("{grid: {schedule.noam.warmup: [50, 80, 50]}}", "18:46: 50 is tried already"),
        ("{grid: {replicate: [1, 2]}}", "18:15: replicate is chance, and the luckiest is no"),
        ("{seeds: 1}", "18:1: tune needs 'grid'"),
    ],
)
def test_a_fault_of_tuning_has_its_place(text: str, fault: str, faults: Faults) -> None:
    assert any(each.startswith(f"study.yaml:{fault}") for each in faults(tune(text)))
