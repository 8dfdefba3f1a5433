"""The parameters of a model, counted without building it."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import pytest

from harness.contracts import Vocabularies
from harness.errors import HarnessError
from harness.study.model_size import MOST_PARAMETERS, size_fault
from harness.training.network import build_model
from harness_models.encoder_decoder import EncoderDecoder


def test_the_count_is_that_of_the_model_that_is_built() -> None:
    for norm, final, tie, uneven in itertools.product(
        ("pre", "post"), (None, True, False), ("none", "target", "all"), (None, 3)
    ):
        choices: dict[str, Any] = {"norm": norm, "final_norm": final, "tie": tie}
        shape = {"d_model": 6, "d_ff": 10, "heads": 2, "layers": 2, "encoder_layers": uneven}
        options = EncoderDecoder(**shape, **choices)
        vocabularies = Vocabularies(11 if tie == "all" else 7, 11)
        built = build_model(options, vocabularies=vocabularies)
        counted = options.parameter_count(vocabularies)
        assert counted == sum(weight.numel() for weight in built.parameters())


def test_a_vocabulary_that_makes_a_model_too_large_is_refused_before_it_is_built() -> None:
    classes = MOST_PARAMETERS // 1024
    vocabularies = Vocabularies(classes, classes)
    counted = EncoderDecoder(d_model=512, heads=8, layers=1)
    with pytest.raises(HarnessError, match=r"more than the limit of 2e\+09; lower d_model"):
        build_model(counted, vocabularies=vocabularies)
    uncounted = Uncounted(d_model=512, heads=8, layers=1)
    assert size_fault(uncounted, vocabularies=vocabularies) is None
    with pytest.raises(HarnessError, match=r"more than the limit of 2e\+09; lower d_model"):
        build_model(uncounted, vocabularies=vocabularies)


@dataclass(frozen=True, kw_only=True)
class Uncounted(EncoderDecoder):
    """A model that leaves the counting to the core."""

    name = "uncounted"

    def parameter_count(self, vocabularies: Vocabularies) -> None:
        return None
