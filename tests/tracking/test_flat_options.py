"""Options of an experiment as a tracker shows them: a path and one value each."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from support.tiny_experiment import experiment, planned

from harness.runs.ledger import Ledger
from harness.runs.records import RunIdentity
from harness.study.values import Comparison, Study
from harness.tracking.flat_options import flat_options
from harness.tracking.views import study_view
from harness_executors.local import Local
from harness_regularizers.dropout import Dropout
from harness_schedules.constant import Constant


def test_every_option_has_a_path_and_one_value() -> None:
    experiment = {
        "schedule": {"noam": {"warmup": 4000, "name": None}},
        "regularizers": {"dropout": {"rate": 0.1, "sites": ["a", "b"]}, "r_drop": {}},
        "loss": {"weighted": {"weights": {"<unk>": 0.5}}},
        "budget": {"updates": 12, "exact": True},
        "parameter_groups": [{"match": "encoder", "rate": 1e-05}],
    }
    assert flat_options(experiment) == {
        "schedule": "noam",
        "schedule.noam.warmup": "4000",
        "schedule.noam.name": "none",
        "regularizers": "dropout, r_drop",
        "regularizers.dropout.rate": "0.1",
        "regularizers.dropout.sites": "['a', 'b']",
        "loss": "weighted",
        "loss.weighted.weights.<unk>": "0.5",
        "budget.updates": "12",
        "budget.exact": "true",
        "parameter_groups.0.match": "encoder",
        "parameter_groups.0.rate": "1e-05",
    }


def test_a_slot_that_is_left_empty_is_none() -> None:
    assert flat_options({"regularizers": {}, "averaging": None}) == {
        "regularizers": "none",
        "averaging": "none",
    }


IDENTITY = RunIdentity(experiment={"dataset": {}}, seed=1, code={}, torch="")


def options(**variants: Any) -> dict[str, dict[str, str]]:
    """The options that runs show, by variant; each changes some choices of the tiny baseline."""
    experiments = {name: experiment(**changes) for name, changes in variants.items()}
    study = Study(
        name="tiny",
        path=Path("tiny.yaml"),
        question="Which?",
        variants={"baseline": experiment(), **experiments},
        seeds=(1,),
        metrics=(),
        figures=(),
        compare=Comparison(primary="nll"),
        executor=Local(),
    )
    runs = [replace(planned(name), identity=IDENTITY) for name in study.variants]
    view = study_view(study, runs=runs, ledger=Ledger(Path("runs")), folder=Path("tiny"))
    return {run.variant: dict(run.options) for run in view.runs}


def test_options_that_nobody_set_are_not_shown_because_a_component_is_absent() -> None:
    assert options(none={"regularizers": {}}) == {
        "baseline": {"regularizers": "dropout", "regularizers.dropout.rate": "0.1"},
        "none": {"regularizers": "none", "regularizers.dropout.rate": "none"},
    }


def test_a_default_that_another_variant_replaces_is_shown() -> None:
    shown = options(other={"regularizers": {"dropout": Dropout(rate=0.1, members=2)}})
    assert shown == {
        "baseline": {"regularizers.dropout.members": "0"},
        "other": {"regularizers.dropout.members": "2"},
    }


def test_a_component_replaced_by_another_shows_its_name_and_the_options_of_both() -> None:
    assert options(flat={"schedule": Constant(learning_rate=0.5)})["flat"] == {
        "schedule": "constant",
        "schedule.noam.warmup": "none",
        "schedule.constant.learning_rate": "0.5",
    }
