from __future__ import annotations

import math
from pathlib import Path

import pytest

from harness.loading.yaml_file import read_yaml
from harness.loading.yaml_nodes import find_mark, plain_data


def value(text: str, folder: Path) -> object:
    path = folder / "study.yaml"
    path.write_text(f"key: {text}\n", encoding="utf-8")
    data = plain_data(read_yaml(path))
    assert isinstance(data, dict)
    return data["key"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # numbers that YAML 1.1 takes for text
        ("1e-3", 1e-3),
        ("3e4", 3e4),
        ("1E5", 1e5),
        ("+1e-3", 1e-3),
        ("-2e+1", -20.0),
        (".5", 0.5),
        ("5.", 5.0),
        ("1.0e-9", 1e-9),
        ("8.2e-3", 8.2e-3),
        ("1e400", math.inf),
        (".inf", math.inf),
        ("-.INF", -math.inf),
        # whole numbers
        ("0", 0),
        ("-7", -7),
        ("+7", 7),
        ("012", 12),
        ("0o17", 15),
        ("0xFF", 255),
        # text that YAML 1.1 takes for something else
        ("off", "off"),
        ("no", "no"),
        ("Yes", "Yes"),
        ("y", "y"),
        ("10:30", "10:30"),
        ("1_000", "1_000"),
        ("0_e0", "0_e0"),
        ("1e-2_0", "1e-2_0"),
        ("0b101", "0b101"),
        ("2024-01-31", "2024-01-31"),
        ("2024-01-31 10:30:00", "2024-01-31 10:30:00"),
        ("=", "="),
        ("1e", "1e"),
        (".", "."),
        ("1.2.3", "1.2.3"),
        ("+", "+"),
        ("0o8", "0o8"),
        ("tRue", "tRue"),
        ("nan", "nan"),
        # the rest
        ("true", True),
        ("False", False),
        ("", None),
        ("~", None),
        ("null", None),
        ("Null", None),
        ("'1'", "1"),
        ('"true"', "true"),
        ("'off'", "off"),
        ("|\n  1\n", "1\n"),
        ("[1, [true], {a: ~}]", [1, [True], {"a": None}]),
        ("{1: a, true: b, ~: c, 1e3: d}", {"1": "a", "true": "b", "~": "c", "1e3": "d"}),
        ("9" * 100, int("9" * 100)),
        ("9" * 101, "9" * 101),
        ("überfluß 語", "überfluß 語"),
    ],
)
def test_a_scalar_is_what_yaml_1_2_says(text: str, expected: object, tmp_path: Path) -> None:
    actual = value(text, tmp_path)
    assert actual == expected
    assert type(actual) is type(expected)


def test_not_a_number_is_a_number(tmp_path: Path) -> None:
    number = value(".nan", tmp_path)
    assert isinstance(number, float)
    assert math.isnan(number)


def test_an_alias_is_what_it_stands_for(tmp_path: Path) -> None:
    assert value("[&a {b: 1}, *a]", tmp_path) == [{"b": 1}, {"b": 1}]


@pytest.mark.parametrize(
    ("path_in_data", "at_key", "expected"),
    [
        ((), False, (1, 1)),
        (("a",), True, (1, 1)),
        (("a",), False, (2, 3)),
        (("a", "b", 1), False, (2, 10)),
        (("a", "b", 1), True, (2, 10)),
        (("a", "b", 1, "c"), True, (2, 11)),
        (("a", "b", 1, "c"), False, (2, 14)),
        (("a", "b", 7), False, (2, 6)),  # as far as it is written
        (("a", "x", "y"), True, (2, 3)),
        (("a", "b", 0, "x"), True, (2, 7)),
    ],
)
def test_a_place_is_a_line_and_a_column(
    path_in_data: tuple[str | int, ...], *, at_key: bool, expected: tuple[int, int], tmp_path: Path
) -> None:
    path = tmp_path / "study.yaml"
    path.write_text("a:\n  b: [1, {c: d}]\n", encoding="utf-8")
    mark = find_mark(read_yaml(path), path=path_in_data, at_key=at_key)
    assert (mark.line + 1, mark.column + 1) == expected
