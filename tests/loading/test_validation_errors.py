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
from harness.loading.validation_errors import Misfit, Misfits


def of_even(value: int) -> int:
    if value % 2:
        raise ValueError(f"{value} is\nodd")
    return value


@dataclass(frozen=True, kw_only=True)
class Options:
    """One of each."""

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


def misfits(**data: object) -> list[Misfit]:
    with pytest.raises(Misfits) as found:
        Checker(third_party.catalog()).options(data, of=Options, owner="this")
    return list(found.value.misfits)


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
def test_a_wrong_value_is_said_with_what_is_right_and_what_was_given(
    name: str, value: object, message: str
) -> None:
    assert misfits(**{name: value}) == [Misfit((name,), message)]


@pytest.mark.parametrize("value", [[0.5], [0.5, 0.5, 0.5], 0.5])
def test_a_list_with_a_type_for_every_place_is_said_whole(value: object) -> None:
    (misfit,) = misfits(pair=value)
    each = "a number at least 0 and below 1"
    assert misfit.place == ("pair",)
    assert misfit.message.startswith(f"pair must be [{each}, {each}], got ")


def test_entries_are_named_by_their_number_or_their_key() -> None:
    assert misfits(pair=[0, 1], some=[0], rates={"residual": 2}) == [
        Misfit(("pair", 1), "pair[1] must be at least 0 and below 1, got 1"),
        Misfit(("some", 0), "some[0] must be above 0, got 0"),
        Misfit(("rates", "residual"), "rates.residual must be at least 0 and below 1, got 2"),
    ]


def test_a_key_of_the_wrong_type_is_at_the_key() -> None:
    assert misfits(layers={"1": 0.5, "one": 0.5}) == [
        Misfit(("layers", "one"), "a key of layers must be a whole number, got 'one'", at_key=True)
    ]


def test_options_within_options_have_their_own_names() -> None:
    assert set(misfits(side={"source": 3, "limit": 0, "traget": "b"})) == {
        Misfit(("side", "source"), "side.source must be a file, got 3"),
        Misfit(("side", "limit"), "side.limit must be above 0, got 0"),
        Misfit(("side",), "side needs 'target'", at_key=True),
        Misfit(
            ("side", "traget"), "no option 'traget' in side; did you mean 'target'?", at_key=True
        ),
    }


@pytest.mark.parametrize("value", [0, "a", {"a": 0}, [1]])
def test_a_choice_of_types_is_one_fault_not_one_for_each_type(value: object) -> None:
    (misfit,) = misfits(either=value)
    assert misfit.place == ("either",)
    assert misfit.message.startswith(
        "either must be a whole number above 0 or {name: a whole number above 0} or null, got "
    )


def test_null_may_be_chosen_where_the_type_says_so() -> None:
    options = Checker(third_party.catalog()).options(
        {"either": None, "side": None}, of=Options, owner="this"
    )
    assert options == Options()


def test_faults_are_seen_from_further_out() -> None:
    inner = Misfits([Misfit(("a", 1), "wrong"), Misfit(("a", 1), "wrong")])
    assert inner.under("b").misfits == (Misfit(("b", "a", 1), "wrong"),)
