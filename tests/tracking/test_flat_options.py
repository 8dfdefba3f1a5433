"""Options of an experiment as a tracker shows them: a path and one value each."""

from __future__ import annotations

from harness.tracking.flat_options import flat_options


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
