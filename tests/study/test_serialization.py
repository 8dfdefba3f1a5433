from __future__ import annotations

import json
from dataclasses import dataclass

import pytest
from support import third_party
from support.third_party import Adam, Linear, ParallelText, ScheduledSampling, Side

from harness import components
from harness.components.options import TextFile
from harness.registry.serialization import resolved

SIDE = Side(source=TextFile("/a"), target=TextFile("/b"))


def test_every_option_is_written_out_with_its_default() -> None:
    assert resolved(third_party.Noam(warmup=4)) == {"noam": {"warmup": 4, "factor": 1.0}}
    assert resolved(Adam()) == {"adam": {"betas": [0.9, 0.98], "eps": 1e-9, "decoupled": False}}


def test_nested_components_are_written_as_in_a_study() -> None:
    policy = ScheduledSampling(decay=Linear(), stages=(Linear(end=0.5),), by_layer={"a": Linear()})
    line = {"linear": {"start": 1.0, "end": 0.0}}
    assert resolved(policy) == {
        "scheduled_sampling": {
            "decay": line,
            "later": None,
            "stages": [{"linear": {"start": 1.0, "end": 0.5}}],
            "by_layer": {"a": line},
        }
    }


def test_the_caller_may_replace_the_names_of_files() -> None:
    data = ParallelText(train=SIDE)
    train = {"source": "/a", "target": "/b", "limit": None}
    assert resolved(data) == {"parallel_text": {"train": train, "test": None}}
    hashed = resolved(data, file=lambda path: f"digest of {path}")
    assert hashed["parallel_text"]["train"]["source"] == "digest of /a"


def test_the_order_of_a_mapping_makes_no_difference() -> None:
    one, other = ({"a": 0.1, "b": 0.2}, {"b": 0.2, "a": 0.1})
    written = [json.dumps(resolved(third_party.Dropout(rates=rates))) for rates in (one, other)]
    assert written[0] == written[1]


def test_a_value_that_json_cannot_express_is_refused() -> None:
    @dataclass(frozen=True, kw_only=True)
    class Odd(third_party.NeverBuilt, components.Loss):
        name = "odd"
        option: object = frozenset()

    with pytest.raises(TypeError, match="an option of type frozenset cannot be written as JSON"):
        resolved(Odd())
