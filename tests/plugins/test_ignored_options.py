"""Options that others leave without effect are refused where the study is read."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from support.tiny_study import TINY

from harness import pipeline
from harness.components import Component
from harness_averagings.ema import EMA
from harness_decays.linear import Linear
from harness_generations.beam import Beam
from harness_generations.contrastive import Contrastive
from harness_generations.lookahead import Lookahead
from harness_generations.sampling import Sampling
from harness_losses.kl_divergence import KLDivergence
from harness_losses.label_smoothing import LabelSmoothing
from harness_schedules.exponential import Exponential
from harness_schedules.one_cycle import OneCycle
from harness_schedules.slanted_triangular import SlantedTriangular
from harness_schedules.warmup_inverse_square_root import WarmupInverseSquareRoot

PEAK = {"peak": 0.1}
FLAT = {**PEAK, "start_divisor": 1.0, "end_divisor": 1.0}
IGNORED: list[tuple[type[Component], dict[str, Any], dict[str, Any]]] = [
    (Beam, {"size": 1}, {"alpha": 1.0}),
    (Beam, {"size": 1}, {"length_penalty": "power"}),
    (Beam, {"alpha": 0.0}, {"length_penalty": "power"}),
    (Contrastive, {"top_k": 1}, {"alpha": 0.3}),
    (Contrastive, {"alpha": 0.0}, {"top_k": 8}),
    (Sampling, {"top_k": 1}, {"temperature": 0.5}),
    (Sampling, {"top_k": 1}, {"top_p": 0.5}),
    (Lookahead, {"candidates": 0}, {"size": 4}),
    (LabelSmoothing, {"smoothing": 0.0}, {"convention": "others"}),
    (KLDivergence, {"smoothing": 0.0}, {"convention": "all"}),
    (Exponential, {"learning_rate": 0.1, "base": 1.0}, {"every": 9}),
    (OneCycle, FLAT, {"rise": 0.5}),
    (OneCycle, FLAT, {"anneal": "linear"}),
    (SlantedTriangular, {"ratio": 1.0}, {"cut": 0.5}),
    (WarmupInverseSquareRoot, {"warmup": 1, **PEAK}, {"start": 0.01}),
    (Linear, {"start": 0.5, "end": 0.5}, {"over": 7}),
    (EMA, {"decay": 0.0}, {"ramp": True}),
    (EMA, {"decay": 0.0}, {"start": 0.5}),
    (EMA, {"decay": 0.25}, {"ramp": True}),
]

EFFECTIVE: dict[type[Component], dict[str, Any]] = {
    Beam: {"size": 2, "alpha": 0.5},
    Contrastive: {"top_k": 2, "alpha": 0.5},
    Sampling: {"top_k": 2},
    Lookahead: {"candidates": 1},
    LabelSmoothing: {"smoothing": 0.1},
    KLDivergence: {"smoothing": 0.1},
    Exponential: {"base": 0.5},
    OneCycle: {"start_divisor": 2.0},
    SlantedTriangular: {"ratio": 2.0},
    WarmupInverseSquareRoot: {"warmup": 2},
    Linear: {"end": 0.4},
    EMA: {"decay": 0.5},
}


def ids(value: object) -> str:
    return value.__name__ if isinstance(value, type) else ""


@pytest.mark.parametrize(("kind", "others", "ignored"), IGNORED, ids=ids)
def test_an_option_that_has_no_effect_is_a_fault(
    kind: Any, others: dict[str, Any], ignored: dict[str, Any]
) -> None:
    (option,) = ignored
    (fault,) = kind(**others, **ignored).ignored()
    assert re.fullmatch(rf"{option} has no effect: .+; remove it, or .+", fault)
    # The default written out is fine, and so is the option where it has an effect.
    plain = kind(**others)
    assert list(plain.ignored()) == []
    assert list(kind(**{**others, **EFFECTIVE[kind], **ignored}).ignored()) == []


BEAM = "beam: {size: 1, alpha: 1.0}"
FAULT = (
    "beam: alpha has no effect: a beam of 1 is greedy decoding, which ranks no hypotheses; remove "
    "it, or raise size"
)


def faults(study: Path, text: str) -> list[str]:
    study.write_text(text)
    return [str(fault).removeprefix(f"{study}:") for fault in pipeline.validate(study)]


def test_validate_refuses_it_once_at_the_place_where_it_is_written(tmp_path: Path) -> None:
    study = tmp_path / "tiny.yaml"
    baseline = faults(study, TINY.replace("greedy: {extra: 3}", BEAM))
    assert baseline == [f"13:15: {FAULT}"]
    variant = f"  one: {{generation: {{{BEAM}}}}}\nseeds: 2"
    assert faults(study, TINY.replace("seeds: 2", variant)) == [f"17:21: {FAULT}"]


def test_a_sweep_may_pass_through(tmp_path: Path) -> None:
    before, _, after = TINY.partition("variants:")
    swept = "grid: {generation.beam.size: [1, 2]}\nseeds: 2" + after.partition("seeds: 2")[2]
    text = (before + swept).replace("greedy: {extra: 3}", "beam: {size: 4, alpha: 1.0}")
    assert faults(tmp_path / "tiny.yaml", text) == []
