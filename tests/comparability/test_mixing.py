"""Pairs of runs that mix code or environments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from support.tiny_experiment import planned

from harness.comparability.mixing import mixed, mixed_pairs
from harness.runs.planned_run import PlannedRun

COME_FROM = ": a difference may come from that."
CODE = {"harness": "0" * 16, "harness_losses.a": "1" * 16, "numpy": "2.4"}


def run(variant: str, *, seed: int = 1, torch: str = "2.13", **code: str) -> PlannedRun:
    made = planned(variant, seed=seed)
    changed = {name.replace("__", "."): value for name, value in code.items()}
    return replace(made, identity=replace(made.identity, torch=torch, code={**CODE, **changed}))


@pytest.mark.parametrize(
    ("other", "is_mixed"),
    [
        (run("b"), False),
        (run("b", harness_losses__b="2" * 16), False),  # a component that only one side has
        (run("b", torch="2.12"), True),
        (run("b", harness="2" * 16), True),
        (run("b", harness_losses__a="2" * 16), True),
        (run("b", numpy="2.3"), True),
    ],
)
def test_what_two_runs_have_in_common_decides(other: PlannedRun, *, is_mixed: bool) -> None:
    assert mixed(run("a"), other=other) is is_mixed
    assert mixed(other, other=run("a")) is is_mixed


def test_other_code_that_decodes_is_mixed_too() -> None:
    decoded = run("b")
    one, other = (
        replace(decoded, decoding=replace(decoded.decoding, code={"harness": of})) for of in "12"
    )
    assert mixed(one, other=other)


@pytest.mark.parametrize(
    ("old", "said"),
    [
        ([], ""),
        (
            [("a", 2)],
            "1 of 6 pairs mix code or environments (a, seed 2)" + COME_FROM,
        ),
        (
            [("baseline", 1), ("b", 3)],
            "3 of 6 pairs mix code or environments (a, seed 1; b, seed 1, 3)" + COME_FROM,
        ),
    ],
)
def test_mixed_pairs_are_counted_and_named(old: Sequence[tuple[str, int]], said: str) -> None:
    runs = {
        name: [
            run(name, seed=seed, torch="2.12" if (name, seed) in old else "2.13")
            for seed in (1, 2, 3)
        ]
        for name in ("baseline", "a", "b")
    }
    assert mixed_pairs(runs, pairs=[("a", "baseline"), ("b", "baseline")]) == said


def test_runs_without_a_common_seed_are_compared_each_with_each() -> None:
    runs = {"a": [run("a", seed=1)], "b": [run("b", seed=2, torch="2.12")]}
    assert mixed_pairs(runs, pairs=[("a", "b")]).startswith(
        "1 of 1 pair mixes code or environments (a and b, seed 1)"
    )
