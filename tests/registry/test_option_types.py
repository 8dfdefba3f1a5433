from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import pytest
from annotated_types import Interval, MinLen
from pydantic import Field
from support import third_party

from harness import components
from harness.components.options import (
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    Probability,
    ProbabilityBelowOne,
    TextFile,
    TrainedRun,
)
from harness.registry import option_types


@pytest.mark.parametrize(
    ("hint", "text"),
    [
        (int, "a whole number"),
        (bool, "true or false"),
        (str, "text"),
        (TextFile, "a file"),
        (TrainedRun, "the name of a pretraining"),
        (Any, "anything"),
        (PositiveInt, "a whole number above 0"),
        (PositiveInt | None, "a whole number above 0 or null"),
        (ProbabilityBelowOne, "a number at least 0 and below 1"),
        (Annotated[float, Interval(gt=0, le=2)], "a number above 0 and at most 2"),
        (Annotated[int, Field(ge=3)], "a whole number at least 3"),
        (Literal["pre", "post"], "one of pre, post"),
        (tuple[Probability, int], "[a number at least 0 and at most 1, a whole number]"),
        (tuple[NonNegativeInt, ...], "a list, each a whole number at least 0"),
        (Sequence[PositiveFloat], "a list, each a number above 0"),
        (list[str], "a list, each text"),
        (Mapping[str, Probability], "{name: a number at least 0 and at most 1}"),
        (Mapping[int, str], "{a whole number: text}"),
        (Mapping[str, Any], "a mapping"),
        (float | Mapping[str, float], "a number or {name: a number}"),
        (PositiveInt | Literal["never"], "a whole number above 0 or one of never"),
        (components.Decay, "a decay"),
        (components.Optimizer | None, "an optimizer or null"),
        (tuple[components.DecodingPolicy, ...], "a list, each a decoding policy"),
        (
            third_party.Side,
            "{source: a file, target: a file, limit: a whole number above 0 or null}",
        ),
        (complex, "complex"),
        (dict, "dict"),
    ],
)
def test_a_type_is_said_in_words(hint: object, text: str) -> None:
    assert option_types.describe(hint) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        ("400", "'400'"),
        ("a\nb", r"'a\nb'"),
        (1e-9, "1e-09"),
        (float("inf"), ".inf"),
        (float("-inf"), "-.inf"),
        (float("nan"), ".nan"),
        ({"a": [1, None], "b": "c"}, "{a: [1, null], b: 'c'}"),
        ({"a b": 1, "c\n": {}}, r"{'a b': 1, 'c\n': {}}"),
        ("x" * 99, "'" + "x" * 56 + "..."),
    ],
)
def test_a_value_is_shown_as_a_study_writes_it(value: object, text: str) -> None:
    assert option_types.shown(value) == text


def test_the_nearest_name_is_meant_and_where_none_is_near_all_are_listed() -> None:
    names = ["label_smoothing", "cross_entropy"]
    near = option_types.suggestion("label_smooting", among=names, otherwise="there are")
    assert near == "did you mean 'label_smoothing'?"
    far = option_types.suggestion("hinge", among=names, otherwise="there are")
    assert far == "there are cross_entropy, label_smoothing"
    assert option_types.suggestion("hinge", among=[], otherwise="there are") == "there are none"


def test_lengths_are_said_apart_from_bounds() -> None:
    hint = Annotated[tuple[PositiveInt, ...], MinLen(2)]
    assert option_types.lengths(hint) == "at least 2"
    assert option_types.bounds(hint) == ""
