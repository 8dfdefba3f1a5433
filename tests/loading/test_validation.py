from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from support import third_party
from support.third_party import (
    Dropout,
    Ema,
    LabelSmoothing,
    Linear,
    Noam,
    ParallelText,
    RDrop,
    ScheduledSampling,
    Side,
)

from harness import components
from harness.errors import HarnessError
from harness.hookspecs import hookimpl
from harness.loading.validation import Checker, experiment_from
from harness.loading.validation_errors import Misfit, Misfits
from harness.registry.serialization import resolved
from harness.study.experiment import ModelOptions
from harness.study.serialization import resolved_experiment

DATA: dict[str, Any] = {
    "dataset": "proverbs",
    "tokenizer": "word",
    "model": {"d_model": 64, "heads": 4},
    "initializer": "zeros",
    "regularizers": {"r_drop": {"alpha": 2}, "dropout": 0.1},
    "loss": {"label_smoothing": {"smoothing": 0.1}},
    "optimizer": {"adam": {"betas": [0.9, 0.98], "eps": 1e-9}},
    "schedule": {"noam": {"warmup": 4}},
    "decoding_policy": {
        "scheduled_sampling": {"decay": "linear", "later": {"linear": {"end": 0.5}}}
    },
    "averaging": {"ema": 0.9},
    "generation": "greedy",
    "budget": {"updates": 300, "batch_tokens": 800, "evaluate_every": 50},
}


def checked(data: object, *, slot: str, **more: object) -> object:
    return Checker(third_party.catalog(**more)).component(data, slot=slot)


def refused(data: object, *, slot: str, **more: object) -> list[Misfit]:
    with pytest.raises(Misfits) as found:
        checked(data, slot=slot, **more)
    return list(found.value.misfits)


# --- forms --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("slot", "data", "component"),
    [
        ("loss", "label_smoothing", LabelSmoothing()),
        ("loss", {"label_smoothing": None}, LabelSmoothing()),
        ("loss", {"label_smoothing": {}}, LabelSmoothing()),
        ("loss", {"label_smoothing": {"smoothing": 0.2}}, LabelSmoothing(smoothing=0.2)),
        ("regularizers", {"dropout": 0.1}, Dropout(rate=0.1)),
        ("regularizers", {"dropout": {"rates": {"a": 1e-3}}}, Dropout(rates={"a": 1e-3})),
        ("averaging", {"ema": 0.5}, Ema(decay=0.5)),
        (
            "decoding_policy",
            {"scheduled_sampling": {"decay": "linear"}},
            ScheduledSampling(decay=Linear()),
        ),
        (
            "decoding_policy",
            {
                "scheduled_sampling": {
                    "decay": {"linear": {"start": 0.5}},
                    "later": None,
                    "stages": ["linear", {"linear": {"end": 0.25}}],
                    "by_layer": {"a": "linear"},
                }
            },
            ScheduledSampling(
                decay=Linear(start=0.5),
                stages=(Linear(), Linear(end=0.25)),
                by_layer={"a": Linear()},
            ),
        ),
        (
            "dataset",
            {"parallel_text": {"train": {"source": "a", "target": "b", "limit": 3}}},
            ParallelText(train=Side(source="a", target="b", limit=3)),  # type: ignore[arg-type]  # not read here
        ),
    ],
)
def test_every_form_of_a_component_is_understood(
    slot: str, data: object, component: object
) -> None:
    assert checked(data, slot=slot) == component


def test_whole_numbers_become_numbers_where_numbers_are_meant() -> None:
    noam = checked({"noam": {"warmup": 4, "factor": 2}}, slot="schedule")
    assert isinstance(noam, Noam)
    assert (type(noam.factor), type(noam.warmup)) == (float, int)


def test_lists_become_tuples() -> None:
    adam = checked({"adam": {"betas": [0, 0.5]}}, slot="optimizer")
    assert adam == third_party.Adam(betas=(0.0, 0.5))


# --- faults -------------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [{}, {"a": 1, "b": 2}, 3, None, ["noam"], True])
def test_what_is_no_component_at_all_is_told_the_form(data: object) -> None:
    (misfit,) = refused(data, slot="schedule")
    assert misfit.place == ()
    assert misfit.message.startswith("a schedule is a name, or {name: options}, not ")


def test_a_wrong_name_is_at_the_key_that_it_is_or_would_be() -> None:
    message = "no schedule named 'naom'; did you mean 'noam'?"
    assert refused("naom", slot="schedule") == [Misfit(("naom",), message, at_key=True)]
    assert refused({"naom": {}}, slot="schedule") == [Misfit(("naom",), message, at_key=True)]


def test_a_bare_value_needs_an_option_to_fill() -> None:
    assert refused({"noam": 400}, slot="schedule") == [
        Misfit(("noam",), "noam takes {option: value}, not 400")
    ]


def test_a_bare_value_is_checked_as_the_option_that_it_fills() -> None:
    assert refused({"dropout": 1}, slot="regularizers") == [
        Misfit(("dropout", "rate"), "rate must be at least 0 and below 1, got 1")
    ]


def test_faults_of_nested_components_keep_their_whole_place_and_come_with_all_others() -> None:
    data = {
        "scheduled_sampling": {
            "decay": {"linaer": {}},
            "stages": ["linear", {"linear": {"strat": 1}}],
            "by_layer": {"a": {"linear": {"start": 2}}},
            "temperature": 1,
        }
    }
    assert set(refused(data, slot="decoding_policy")) == {
        Misfit(
            ("scheduled_sampling", "decay", "linaer"),
            "no decay named 'linaer'; did you mean 'linear'?",
            at_key=True,
        ),
        Misfit(
            ("scheduled_sampling", "stages", 1, "linear", "strat"),
            "no option 'strat' in linear; did you mean 'start'?",
            at_key=True,
        ),
        Misfit(
            ("scheduled_sampling", "by_layer", "a", "linear", "start"),
            "start must be at least 0 and at most 1, got 2",
        ),
        Misfit(
            ("scheduled_sampling", "temperature"),
            "no option 'temperature' in scheduled_sampling; "
            "there are by_layer, decay, later, stages",
            at_key=True,
        ),
    }


def test_a_components_own_check_keeps_its_words() -> None:
    assert refused({"piecewise": {"rates": [1, 2]}}, slot="schedule") == [
        Misfit(("piecewise",), "2 rates need 1 ends")
    ]


@dataclass(frozen=True, kw_only=True)
class Picky(third_party.NeverBuilt, components.Loss):
    name = "picky"
    option: int = 0

    def __post_init__(self) -> None:
        raise HarnessError("picky is never content")


@dataclass(frozen=True, kw_only=True)
class Uncheckable(third_party.NeverBuilt, components.Loss):
    name = "uncheckable"
    option: Path.__class__ | Misfits = field(default_factory=lambda: Misfits([]))  # type: ignore[name-defined]  # a type that JSON has nothing for


class Odd:
    @hookimpl
    def harness_losses(self) -> list[type]:
        return [Picky, Uncheckable]


def test_a_components_own_check_may_raise_what_users_can_mend() -> None:
    assert refused("picky", slot="loss", odd=Odd()) == [
        Misfit(("picky",), "picky is never content")
    ]


def test_options_of_a_type_that_cannot_be_checked_name_the_class() -> None:
    (misfit,) = refused("uncheckable", slot="loss", odd=Odd())
    assert f"{__name__}.Uncheckable cannot be checked: " in misfit.message
    assert "\n" not in misfit.message


def test_a_file_is_found_by_whoever_checks() -> None:
    def find_file(name: str) -> str:
        if name == "b":
            raise ValueError(f"no such file: {name}")
        return f"/corpus/{name}"

    checker = Checker(third_party.catalog(), find_file)
    data = {"parallel_text": {"train": {"source": "a", "target": "a"}}}
    found = checker.component(data, slot="dataset")
    assert isinstance(found, ParallelText)
    assert found.train.source == "/corpus/a"
    data["parallel_text"]["train"]["target"] = "b"
    with pytest.raises(Misfits) as misfits:
        checker.component(data, slot="dataset")
    assert misfits.value.misfits == (
        Misfit(("parallel_text", "train", "target"), "no such file: b"),
    )


# --- experiments --------------------------------------------------------------------------------


def test_an_experiment_is_made_of_every_slot() -> None:
    experiment = experiment_from(DATA, catalog=third_party.catalog())
    assert experiment.model == ModelOptions(d_model=64, heads=4)
    assert experiment.loss == LabelSmoothing(smoothing=0.1)
    assert experiment.averaging == Ema(decay=0.9)
    assert experiment.parameter_groups is None
    assert experiment.replicate == 0


def test_regularizers_come_in_the_order_of_their_names_whatever_the_order_in_the_study() -> None:
    experiment = experiment_from(DATA, catalog=third_party.catalog())
    assert list(experiment.regularizers.items()) == [
        ("dropout", Dropout(rate=0.1)),
        ("r_drop", RDrop(alpha=2.0)),
    ]


def test_a_resolved_experiment_gives_the_same_experiment_again_from_json() -> None:
    catalog = third_party.catalog()
    experiment = experiment_from(DATA, catalog=catalog)
    written = json.loads(json.dumps(resolved_experiment(experiment)))
    assert experiment_from(written, catalog=catalog) == experiment
    assert resolved_experiment(experiment_from(written, catalog=catalog)) == written


def test_an_experiment_may_have_no_regularizers() -> None:
    data = {slot: choice for slot, choice in DATA.items() if slot != "regularizers"}
    assert experiment_from(data, catalog=third_party.catalog()).regularizers == {}


def misfits_of(**changes: object) -> set[Misfit]:
    with pytest.raises(Misfits) as found:
        Checker(third_party.catalog()).experiment({**DATA, **changes})
    return set(found.value.misfits)


def test_the_faults_of_an_experiment_have_their_places() -> None:
    found = misfits_of(
        regularizers={"dropout": {"rate": 2}, "r_drob": None, "r_drop": 1},
        model={"d_model": 64, "heads": 5},
        budget={"updates": 1, "batch_tokens": 0},
        lss="x",
        replicate=-1,
    )
    assert found == {
        Misfit(("regularizers", "dropout", "rate"), "rate must be at least 0 and below 1, got 2"),
        Misfit(
            ("regularizers", "r_drob"),
            "no regularizer named 'r_drob'; did you mean 'r_drop'?",
            at_key=True,
        ),
        Misfit(("regularizers", "r_drop"), "r_drop takes {option: value}, not 1"),
        Misfit(("model",), "heads must divide d_model, got 5 heads and d_model 64"),
        Misfit(("budget", "batch_tokens"), "budget.batch_tokens must be above 0, got 0"),
        Misfit(("budget",), "budget needs 'evaluate_every'", at_key=True),
        Misfit(("lss",), "no option 'lss' in baseline; did you mean 'loss'?", at_key=True),
        Misfit(("replicate",), "replicate must be at least 0, got -1"),
    }


@pytest.mark.parametrize("value", ["dropout", ["dropout"], None, 0.1])
def test_regularizers_must_be_a_mapping(value: object) -> None:
    (misfit,) = misfits_of(regularizers=value)
    assert misfit.place == ("regularizers",)
    assert misfit.message.startswith("regularizers must be {name: a regularizer}, got ")


def test_an_experiment_that_no_longer_fits_is_an_error_with_every_place() -> None:
    data = {**DATA, "loss": "focal", "schedule": {"noam": {"warmup": 0}}}
    with pytest.raises(HarnessError) as error:
        experiment_from(data, catalog=third_party.catalog())
    assert str(error.value).splitlines() == [
        "loss.focal: no loss named 'focal'; there are cross_entropy, label_smoothing",
        "schedule.noam.warmup: warmup must be above 0, got 0",
    ]


def test_nothing_that_is_no_mapping_is_an_experiment() -> None:
    with pytest.raises(HarnessError, match=r"baseline takes {option: value}, not \[\]"):
        experiment_from([], catalog=third_party.catalog())


def test_resolved_is_importable_where_components_are_checked() -> None:
    from harness.loading import validation

    assert validation.resolved is resolved
