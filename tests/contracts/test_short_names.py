from __future__ import annotations

from harness.contracts import short_names


def test_a_name_is_cut_in_its_middle_to_the_length() -> None:
    assert short_names(["abcdefgh", "abcd"], most=5) == {"abcdefgh": "ab…gh", "abcd": "abcd"}
    assert short_names(["abcdefgh"], most=6) == {"abcdefgh": "abc…gh"}


def test_names_that_would_look_alike_stay_whole() -> None:
    names = ["model-a-x", "model-b-x", "model-c-y"]
    assert short_names(names, most=5) == {
        "model-a-x": "model-a-x",
        "model-b-x": "model-b-x",
        "model-c-y": "mo…-y",
    }
