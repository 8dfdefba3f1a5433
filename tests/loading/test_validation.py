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
from harness.loading.validation_errors import DataFault, InvalidData
from harness.study.serialization import resolved_experiment
from harness_models.encoder_decoder import EncoderDecoder

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


def refused(data: object, *, slot: str, **more: object) -> list[DataFault]:
    with pytest.raises(InvalidData) as invalid:
        checked(data, slot=slot, **more)
    return list(invalid.value.faults)


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


def test_whole_numbers_become_floats_for_options_that_are_floats() -> None:
    noam = checked({"noam": {"warmup": 4, "factor": 2}}, slot="schedule")
    assert isinstance(noam, Noam)
    assert (type(noam.factor), type(noam.warmup)) == (float, int)


def test_lists_become_tuples() -> None:
    adam = checked({"adam": {"betas": [0, 0.5]}}, slot="optimizer")
    assert adam == third_party.Adam(betas=(0.0, 0.5))


# --- faults -------------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [{}, {"a": 1, "b": 2}, 3, None, ["noam"], True])
def test_a_malformed_component_is_reported_with_the_expected_form(data: object) -> None:
    (fault,) = refused(data, slot="schedule")
    assert fault.path == ()
    assert fault.message.startswith("a schedule must be a name or {name: options}, got ")


def test_an_unknown_name_is_reported_at_its_key() -> None:
    message = "no schedule named 'naom'; did you mean 'noam'?"
    assert refused("naom", slot="schedule") == [DataFault(("naom",), message, at_key=True)]
    assert refused({"naom": {}}, slot="schedule") == [DataFault(("naom",), message, at_key=True)]


def test_a_bare_value_needs_an_option_to_fill() -> None:
    assert refused({"noam": 400}, slot="schedule") == [
        DataFault(("noam",), "noam must be {option: value}, got 400")
    ]


def test_a_bare_value_is_checked_as_the_option_that_it_fills() -> None:
    assert refused({"dropout": 1}, slot="regularizers") == [
        DataFault(("dropout", "rate"), "rate must be at least 0 and below 1, got 1")
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
        DataFault(
            ("scheduled_sampling", "decay", "linaer"),
            "no decay named 'linaer'; did you mean 'linear'?",
            at_key=True,
        ),
        DataFault(
            ("scheduled_sampling", "stages", 1, "linear", "strat"),
            "no option 'strat' in linear; did you mean 'start'?",
            at_key=True,
        ),
        DataFault(
            ("scheduled_sampling", "by_layer", "a", "linear", "start"),
            "start must be at least 0 and at most 1, got 2",
        ),
        DataFault(
            ("scheduled_sampling", "temperature"),
            "no option 'temperature' in scheduled_sampling; "
            "there are by_layer, decay, later, stages",
            at_key=True,
        ),
    }


def test_a_component_s_own_check_words_its_message() -> None:
    assert refused({"piecewise": {"rates": [1, 2]}}, slot="schedule") == [
        DataFault(("piecewise",), "2 rates need 1 ends")
    ]


@dataclass(frozen=True, kw_only=True)
class Picky(third_party.NeverBuilt, components.Loss):
    name = "picky"
    option: int = 0

    def __post_init__(self) -> None:
        raise HarnessError("picky always fails")


@dataclass(frozen=True, kw_only=True)
class Uncheckable(third_party.NeverBuilt, components.Loss):
    name = "uncheckable"
    option: Path.__class__ | InvalidData = field(default_factory=lambda: InvalidData([]))  # type: ignore[name-defined]  # a type that JSON has nothing for


class Odd:
    @hookimpl
    def harness_losses(self) -> list[type]:
        return [Picky, Uncheckable]


def test_a_component_s_own_check_may_raise_a_harness_error() -> None:
    assert refused("picky", slot="loss", odd=Odd()) == [DataFault(("picky",), "picky always fails")]


def test_options_of_a_type_that_cannot_be_checked_name_the_class() -> None:
    (fault,) = refused("uncheckable", slot="loss", odd=Odd())
    assert f"{__name__}.Uncheckable cannot be validated: " in fault.message
    assert "\n" not in fault.message


def test_files_are_found_by_the_checker_s_find_file() -> None:
    def find_file(name: str) -> str:
        if name == "b":
            raise ValueError(f"no such file: {name}")
        return f"/corpus/{name}"

    checker = Checker(third_party.catalog(), find_file)
    data = {"parallel_text": {"train": {"source": "a", "target": "a"}}}
    dataset = checker.component(data, slot="dataset")
    assert isinstance(dataset, ParallelText)
    assert dataset.train.source == "/corpus/a"
    data["parallel_text"]["train"]["target"] = "b"
    with pytest.raises(InvalidData) as invalid:
        checker.component(data, slot="dataset")
    assert invalid.value.faults == (
        DataFault(("parallel_text", "train", "target"), "no such file: b"),
    )


# --- experiments --------------------------------------------------------------------------------


def test_an_experiment_is_made_of_every_slot() -> None:
    experiment = experiment_from(DATA, catalog=third_party.catalog())
    assert experiment.model == EncoderDecoder(d_model=64, heads=4)
    assert experiment.loss == LabelSmoothing(smoothing=0.1)
    assert experiment.averaging == Ema(decay=0.9)
    assert experiment.parameter_groups is None
    assert experiment.replicate == 0


def test_regularizers_keep_the_order_in_which_they_are_written() -> None:
    experiment = experiment_from(DATA, catalog=third_party.catalog())
    assert list(experiment.regularizers.items()) == [
        ("r_drop", RDrop(alpha=2.0)),
        ("dropout", Dropout(rate=0.1)),
    ]
    again = experiment_from(
        json.loads(json.dumps(resolved_experiment(experiment))), catalog=third_party.catalog()
    )
    assert list(again.regularizers) == ["r_drop", "dropout"]


def test_a_resolved_experiment_gives_the_same_experiment_again_from_json() -> None:
    catalog = third_party.catalog()
    experiment = experiment_from(DATA, catalog=catalog)
    written = json.loads(json.dumps(resolved_experiment(experiment)))
    assert experiment_from(written, catalog=catalog) == experiment
    assert resolved_experiment(experiment_from(written, catalog=catalog)) == written


def test_an_experiment_may_have_no_regularizers() -> None:
    data = {slot: choice for slot, choice in DATA.items() if slot != "regularizers"}
    assert experiment_from(data, catalog=third_party.catalog()).regularizers == {}


def faults_of(**changes: object) -> set[DataFault]:
    with pytest.raises(InvalidData) as invalid:
        Checker(third_party.catalog()).experiment({**DATA, **changes})
    return set(invalid.value.faults)


def test_the_faults_of_an_experiment_have_their_places() -> None:
    faults = faults_of(
        regularizers={"dropout": {"rate": 2}, "r_drob": None, "r_drop": 1},
        model={"d_model": 64, "heads": 5},
        budget={"updates": 1, "batch_tokens": 0},
        lss="x",
        replicate=-1,
    )
    assert faults == {
        DataFault(
            ("regularizers", "dropout", "rate"), "rate must be at least 0 and below 1, got 2"
        ),
        DataFault(
            ("regularizers", "r_drob"),
            "no regularizer named 'r_drob'; did you mean 'r_drop'?",
            at_key=True,
        ),
        DataFault(("regularizers", "r_drop"), "r_drop must be {option: value}, got 1"),
        DataFault(("model",), "heads must divide d_model, got 5 heads and d_model 64"),
        DataFault(("budget", "batch_tokens"), "budget.batch_tokens must be above 0, got 0"),
        DataFault(("budget",), "budget needs 'evaluate_every'", at_key=True),
        DataFault(("lss",), "no option 'lss' in baseline; did you mean 'loss'?", at_key=True),
        DataFault(("replicate",), "replicate must be at least 0, got -1"),
    }


@pytest.mark.parametrize("value", ["dropout", ["dropout"], None, 0.1])
def test_regularizers_must_be_a_mapping(value: object) -> None:
    (fault,) = faults_of(regularizers=value)
    assert fault.path == ("regularizers",)
    assert fault.message.startswith("regularizers must be {name: a regularizer}, got ")


def test_invalid_data_of_an_experiment_is_an_error_with_every_path() -> None:
    data = {**DATA, "loss": "focal", "schedule": {"noam": {"warmup": 0}}}
    with pytest.raises(HarnessError) as error:
        experiment_from(data, catalog=third_party.catalog())
    assert str(error.value).splitlines() == [
        "loss.focal: no loss named 'focal'; there are cross_entropy, label_smoothing",
        "schedule.noam.warmup: warmup must be above 0, got 0",
    ]


def test_an_experiment_must_be_a_mapping() -> None:
    with pytest.raises(HarnessError, match=r"baseline must be {option: value}, got \[\]"):
        experiment_from([], catalog=third_party.catalog())
