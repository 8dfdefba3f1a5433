"""The parameters of a model, counted without building it."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from harness.errors import HarnessError
from harness.study.experiment import ModelOptions
from harness.study.model_size import MOST_PARAMETERS, parameter_count
from harness.training.network import build_model


def test_the_count_is_that_of_the_model_that_is_built() -> None:
    for norm, final, tie, uneven in itertools.product(
        ("pre", "post"), (None, True, False), ("none", "target", "all"), (None, 3)
    ):
        choices: dict[str, Any] = {"norm": norm, "final_norm": final, "tie": tie}
        shape = {"d_model": 6, "d_ff": 10, "heads": 2, "layers": 2, "encoder_layers": uneven}
        options = ModelOptions(**shape, **choices)
        source = 11 if tie == "all" else 7
        built = build_model(options, source_classes=source, target_classes=11)
        counted = parameter_count(options, source_classes=source, target_classes=11)
        assert counted == sum(weight.numel() for weight in built.parameters())


def test_a_vocabulary_that_makes_a_model_too_large_is_refused_before_it_is_built() -> None:
    options = ModelOptions(d_model=512, heads=8, layers=1)
    classes = MOST_PARAMETERS // 1024
    with pytest.raises(HarnessError, match=r"more than the limit of 2e\+09; lower d_model"):
        build_model(options, source_classes=classes, target_classes=classes)
