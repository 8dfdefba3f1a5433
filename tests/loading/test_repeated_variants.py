"""Two names for one experiment are refused, since each would count in the correction."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support.tiny_study import TINY

from harness import pipeline

Faults = Callable[..., list[str]]

ORDERED = """variants:
  clipped: {regularizers: {gradient_noise: 0.1, clip_norm: 1.0}}
  noisy: {regularizers: {clip_norm: 1.0, gradient_noise: 0.1}}
"""


@pytest.mark.parametrize(
    ("again", "first"),
    [
        ("{regularizers: {dropout: off}}", "no-dropout"),
        ("{loss: {cross_entropy: {}}}", "cross-entropy"),
        ("{loss: cross_entropy, regularizers: {dropout: 0.1}}", "cross-entropy"),
    ],
)
def test_two_variants_that_are_one_experiment_are_refused(
    faults: Faults, again: str, first: str
) -> None:
    assert faults(("seeds: 5", f"  again: {again}\nseeds: 5")) == [
        f"study.yaml:17:3: 'again' is the same experiment as '{first}'; remove one"
    ]


def test_two_combinations_that_are_one_experiment_are_refused(faults: Faults) -> None:
    variants = """variants:
  no-dropout: {regularizers: {dropout: off}}
  cross-entropy: {loss: cross_entropy}
"""
    levels = "{b: {model: {heads: 2}}, c: {model: {heads: 2, layers: 2}}}"
    other = "{plain: {loss: cross_entropy}}"
    refused = faults((variants, f"factors: {{a: {levels}, loss: {other}}}\n"))
    assert [fault.partition(": ")[2] for fault in refused] == [
        "'a=c' is the same experiment as 'a=b'; remove one",
        "'a=c+loss=plain' is the same experiment as 'a=b+loss=plain'; remove one",
    ]


def test_a_value_of_a_grid_that_a_variant_has_is_refused(faults: Faults) -> None:
    grid = "grid: {model.heads: [2, 8]}\n  # two more\nseeds: 5"
    (fault,) = faults(("seeds: 5", f"  few: {{model: {{heads: 2}}}}\n{grid}"))
    assert fault.endswith("'heads=2' is the same experiment as 'few'; remove one")


def test_the_order_of_regularizers_makes_another_experiment(tmp_path: Path) -> None:
    study = tmp_path / "tiny.yaml"
    before, _, after = TINY.partition("variants:\n  no-dropout: {regularizers: {dropout: off}}\n")
    study.write_text(before + ORDERED + after)
    assert pipeline.validate(study) == ()


def test_names_that_look_like_numbers_are_kept_as_they_are_written(tmp_path: Path) -> None:
    study = tmp_path / "tiny.yaml"
    names = ["1e3", "0123", "1_000", "0x1F", "123", "1000", "true"]
    rates = [f"  {name}: {{budget: {{updates: {12 + n}}}}}\n" for n, name in enumerate(names, 1)]
    study.write_text(TINY.replace("seeds: 2", f"{''.join(rates)}seeds: 2"))
    assert pipeline.validate(study) == ()
    opened = pipeline.open_study(study, out=tmp_path / "results", seeds=None)
    assert [*opened.study.variants] == ["baseline", "no-dropout", *names]
