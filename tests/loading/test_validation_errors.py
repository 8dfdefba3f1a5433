from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Literal

import pytest
from annotated_types import Len, MinLen, MultipleOf
from pydantic import AfterValidator
from support import third_party
from support.third_party import Side

from harness.components.options import PositiveInt, ProbabilityBelowOne
from harness.loading.validation import Checker
from harness.loading.validation_errors import DataFault, InvalidData


def of_even(value: int) -> int:
    if value % 2:
        raise ValueError(f"{value} is\nodd")
    return value


@dataclass(frozen=True, kw_only=True)
class Options:
    """Options of every type."""

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid", "strict": True, "allow_inf_nan": False}

    whole: PositiveInt = 1
    share: ProbabilityBelowOne = 0.5
    switch: bool = True
    text: Annotated[str, MinLen(1)] = "a"
    choice: Literal["pre", "post"] = "pre"
    pair: tuple[ProbabilityBelowOne, ProbabilityBelowOne] = (0.0, 0.0)
    some: Annotated[tuple[PositiveInt, ...], Len(1, 2)] = (1,)
    rates: Mapping[str, ProbabilityBelowOne] = field(default_factory=dict)
    layers: Mapping[int, float] = field(default_factory=dict)
    side: Side | None = None
    either: PositiveInt | Mapping[str, PositiveInt] | None = None
    even: Annotated[int, AfterValidator(of_even)] = 2
    tens: Annotated[int, MultipleOf(10)] = 10


def faults(**data: object) -> list[DataFault]:
    with pytest.raises(InvalidData) as invalid:
        Checker(third_party.catalog()).options(data, of=Options, owner="this")
    return list(invalid.value.faults)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("whole", "400", "whole must be a whole number, got '400'"),
        ("whole", 1.0, "whole must be a whole number, got 1.0"),
        ("whole", True, "whole must be a whole number, got true"),
        ("whole", None, "whole must be a whole number, got null"),
        ("whole", [1], "whole must be a whole number, got [1]"),
        ("whole", 0, "whole must be above 0, got 0"),
        ("whole", -(10**40), f"whole must be above 0, got -1{'0' * 40}"),
        ("share", 1.5, "share must be at least 0 and below 1, got 1.5"),
        ("share", -1, "share must be at least 0 and below 1, got -1"),
        ("share", "0.1", "share must be a number, got '0.1'"),
        ("share", False, "share must be a number, got false"),
        ("share", float("nan"), "share must be a finite number, got .nan"),
        ("share", float("-inf"), "share must be a finite number, got -.inf"),
        ("switch", 1, "switch must be true or false, got 1"),
        ("switch", "no", "switch must be true or false, got 'no'"),
        ("text", 5, "text must be text, got 5"),
        ("text", "", "text must be at least 1 long, got ''"),
        ("choice", "prae", "choice must be one of pre, post, got 'prae'"),
        ("choice", None, "choice must be one of pre, post, got null"),
        ("some", [], "some must be at least 1 and at most 2 long, got []"),
        ("some", [1, 2, 3], "some must be at least 1 and at most 2 long, got [1, 2, 3]"),
        ("some", 1, "some must be a list, each a whole number above 0, got 1"),
        ("rates", 1, "rates must be {name: a number at least 0 and below 1}, got 1"),
        ("even", 3, "3 is odd"),
        ("tens", 11, "tens: Input should be a multiple of 10, got 11"),
        (
            "side",
            "a",
            (
                "side must be {source: a file, target: a file, limit: a whole number above 0 or"
                " null}, got 'a'"
            ),
        ),
    ],
)
def test_a_wrong_value_is_reported_with_the_expected_type_and_the_actual_value(
    name: str, value: object, message: str
) -> None:
    assert faults(**{name: value}) == [DataFault((name,), message)]


@pytest.mark.parametrize("value", [[0.5], [0.5, 0.5, 0.5], 0.5])
def test_a_list_of_fixed_length_is_reported_as_a_whole(value: object) -> None:
    (fault,) = faults(pair=value)
    share = "a number at least 0 and below 1"
    assert fault.path == ("pair",)
    assert fault.message.startswith(f"pair must be [{share}, {share}], got ")


def test_entries_are_named_by_their_number_or_their_key() -> None:
    assert faults(pair=[0, 1], some=[0], rates={"residual": 2}) == [
        DataFault(("pair", 1), "pair[1] must be at least 0 and below 1, got 1"),
        DataFault(("some", 0), "some[0] must be above 0, got 0"),
        DataFault(("rates", "residual"), "rates.residual must be at least 0 and below 1, got 2"),
    ]


def test_a_key_of_the_wrong_type_is_at_the_key() -> None:
    assert faults(layers={"1": 0.5, "one": 0.5}) == [
        DataFault(
            ("layers", "one"), "a key of layers must be a whole number, got 'one'", at_key=True
        )
    ]


def test_options_within_options_have_their_own_names() -> None:
    assert set(faults(side={"source": 3, "limit": 0, "traget": "b"})) == {
        DataFault(("side", "source"), "side.source must be a file, got 3"),
        DataFault(("side", "limit"), "side.limit must be above 0, got 0"),
        DataFault(("side",), "side needs 'target'", at_key=True),
        DataFault(
            ("side", "traget"), "no option 'traget' in side; did you mean 'target'?", at_key=True
        ),
    }


@pytest.mark.parametrize("value", [0, "a", {"a": 0}, [1]])
def test_a_choice_of_types_is_one_fault_not_one_for_each_type(value: object) -> None:
    (fault,) = faults(either=value)
    assert fault.path == ("either",)
    assert fault.message.startswith(
        "either must be a whole number above 0 or {name: a whole number above 0} or null, got "
    )


def test_null_may_be_chosen_where_the_type_says_so() -> None:
    options = Checker(third_party.catalog()).options(
        {"either": None, "side": None}, of=Options, owner="this"
    )
    assert options == Options()


def test_outer_keys_prefix_the_paths_of_faults() -> None:
    inner = InvalidData([DataFault(("a", 1), "wrong"), DataFault(("a", 1), "wrong")])
    assert inner.under("b").faults == (DataFault(("b", "a", 1), "wrong"),)
