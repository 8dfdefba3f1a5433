from __future__ import annotations

from harness.study.changes import Difference, differences

BASELINE = {
    "schedule": {"noam": {"warmup": 100, "factor": 1.0}},
    "regularizers": {"dropout": {"rate": 0.1}},
    "averaging": None,
}


def changed(**change: object) -> list[Difference]:
    return list(differences(BASELINE, new={**BASELINE, **change}))


def test_equal_choices_do_not_differ() -> None:
    assert changed() == []


def test_an_option_is_named_by_its_path() -> None:
    differing = changed(schedule={"noam": {"warmup": 50, "factor": 1.0}})
    assert differing == [Difference(("schedule", "noam", "warmup"), 100, 50)]
    assert differing[0].option == "schedule.noam.warmup"


def test_a_component_replaced_by_another_is_one_difference() -> None:
    constant = {"constant": {"learning_rate": 0.1}}
    assert changed(schedule=constant) == [Difference(("schedule",), BASELINE["schedule"], constant)]


def test_an_option_of_one_side_only_differs_from_none() -> None:
    assert changed(regularizers={}) == [
        Difference(("regularizers", "dropout"), {"rate": 0.1}, None)
    ]
    assert changed(averaging={"ema": {"decay": 0.9}}) == [
        Difference(("averaging",), None, {"ema": {"decay": 0.9}})
    ]


def test_the_order_of_regularizers_is_a_difference_and_that_of_options_is_none() -> None:
    one = {"regularizers": {"clip_norm": {}, "gradient_noise": {"eta": 1, "gamma": 2}}}
    other = {"regularizers": {"gradient_noise": {"gamma": 2, "eta": 1}, "clip_norm": {}}}
    path = ("regularizers", "order")
    names = ["clip_norm", "gradient_noise"]
    assert list(differences(one, new=other)) == [Difference(path, names, names[::-1])]
    more = {"regularizers": {"dropout": {}, **one["regularizers"]}}
    assert [difference.path for difference in differences(one, new=more)] == [
        ("regularizers", "dropout")
    ]
