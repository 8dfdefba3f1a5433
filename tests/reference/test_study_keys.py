"""The page of the study file has a line on every key, and no line on what is no key."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.loading.study_file import StudyKeys
from harness.reference.study_keys import meaning
from harness.reference.study_meanings import MEANINGS
from harness.registry.option_types import option_types
from harness.study.experiment import Budget, Experiment
from harness.study.values import Comparison, Stopping, TuningOptions
from harness_models.decoder_only import DecoderOnly
from harness_models.encoder_decoder import EncoderDecoder

CLASSES = (
    StudyKeys,
    Experiment,
    Budget,
    Comparison,
    Stopping,
    TuningOptions,
    EncoderDecoder,
    DecoderOnly,
)
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "study.md"


@pytest.mark.parametrize("options", CLASSES, ids=lambda options: options.__name__)
def test_every_key_has_a_line(options: type) -> None:
    without = [key for key in option_types(options) if not meaning(options, key=key)]
    assert without == [], "a line for each in harness/reference/study_meanings.py"


def test_every_line_is_on_a_key() -> None:
    bases = {base.__name__: base for options in CLASSES for base in options.__mro__}
    stale = {
        f"{name}.{key}"
        for name, lines in MEANINGS.items()
        for key in lines
        if key not in option_types(bases[name])
    }
    assert stale == set()


def test_types_bounds_and_defaults_are_those_of_the_study() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for row in (
        "| `updates` | a whole number at least 0 and at most 10000000 | required |",
        "| `accumulation` | a whole number above 0 and at most 10000 | `1` |",
        "| `question` | text, not empty | required |",
        "| `regularizers` | a mapping of [regularizers](components.md#regularizers) | `{}` |",
        "| `primary` | text | `'nll'` |",
        "| `margin` | a number above 0, or {name: a number above 0} | `null` |",
        "| `executor` | [executor](components.md#executor) | `'local'` |",
        "| `normalization` | [normalization](components.md#normalization) | `{layer_norm:",
    ):
        assert row in page
