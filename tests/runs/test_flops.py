from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from support.finished_run import finish, planned
from support.tiny_experiment import BUDGET, Counting, experiment, weights

from harness.components import Architecture
from harness.contracts import Measurement, TrainingOutcome
from harness.runs import flops, usage
from harness.runs.flops import counted_flops, flops_per_token, matrix_rate, measured_usage
from harness.runs.ledger import Ledger
from harness.runs.usage import Meter
from harness.study.experiment import Parallel
from harness.training.assembly import Assembly, assemble
from harness_models.decoder_only import DecoderOnly
from harness_models.encoder_decoder import EncoderDecoder
from harness_regularizers.dropout import Dropout
from harness_regularizers.r_drop import RDrop

WIDTH, INNER, LAYERS, CLASSES = 32, 48, 2, 11
SHAPE: dict[str, Any] = {"d_model": WIDTH, "d_ff": INNER, "heads": 4, "layers": LAYERS}
SQUARE, FEED_FORWARD = WIDTH**2, 2 * WIDTH * INNER
PROJECTION = WIDTH * CLASSES


def of_encoder_decoder(source: int, target: int) -> int:
    """6 FLOPs a weight and token, and 12 a pair of places (Chowdhery et al. 2022, appendix B)."""
    keys_and_values = 2 * SQUARE  # of the source, in every layer of the decoder
    read = LAYERS * (4 * SQUARE + FEED_FORWARD + keys_and_values)
    written = LAYERS * (4 * SQUARE + 2 * SQUARE + FEED_FORWARD) + PROJECTION
    attended = LAYERS * WIDTH * (source**2 + target**2 + source * target)
    return 6 * (read * source + written * target) + 12 * attended


def of_decoder_only(source: int, target: int) -> int:
    places = source + target
    stack = LAYERS * (4 * SQUARE + FEED_FORWARD)
    return 6 * (stack * places + PROJECTION * target) + 12 * LAYERS * WIDTH * places**2


MODELS: list[tuple[Architecture, Callable[[int, int], int]]] = [
    (EncoderDecoder(**SHAPE), of_encoder_decoder),
    (DecoderOnly(**SHAPE), of_decoder_only),
]


@pytest.mark.parametrize("regularizers", [{}, {"dropout": Dropout(rate=0.1)}], ids=["", "dropout"])
@pytest.mark.parametrize(("model", "closed_form"), MODELS)
def test_an_update_takes_what_the_closed_form_says(
    model: Architecture, closed_form: Callable[[int, int], int], regularizers: dict[str, Any]
) -> None:
    # Attention is fused without dropout, and written out with it.
    parts = assemble(experiment(model=model, regularizers=regularizers), seed=1)
    assert parts.task.codecs.target.size == CLASSES
    pairs = parts.task.train
    for row, (target, source) in enumerate(pairs.lengths()[:5].tolist()):
        counted = counted_flops(parts, pairs=pairs, row=row, update=1)
        assert counted == closed_form(source, target)
    assert all(weight.grad is None for weight in parts.model.parameters())


@pytest.mark.parametrize(("model", "closed_form"), MODELS)
def test_a_few_pairs_tell_the_work_of_the_whole_corpus(
    model: Architecture, closed_form: Callable[[int, int], int]
) -> None:
    parts = assemble(experiment(model=model, dataset=Counting(train=37)), seed=1)
    lengths = parts.task.train.lengths().tolist()
    whole = sum(closed_form(source, target) for target, source in lengths)
    tokens = sum(target for target, _ in lengths)
    assert flops_per_token(parts) == pytest.approx(whole / tokens, rel=0.01)


def test_two_passes_are_twice_the_work() -> None:
    once = assemble(experiment(), seed=1)
    twice = assemble(experiment(regularizers={"r_drop": RDrop(alpha=1.0)}), seed=1)
    assert flops_per_token(twice) == pytest.approx(2 * flops_per_token(once), rel=1e-9)


def clock(times: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each reading of the clock be the next of some times."""
    readings = iter(times)
    monkeypatch.setattr("time.perf_counter", lambda: next(readings))


def test_the_matrix_rate_is_that_of_the_fastest_product(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flops, "_SIZES", {"cpu": (8,)})
    clock([0.0, 0.0, 0.03, 0.03, 0.05, 0.05, 0.11, 0.11], monkeypatch)
    assert matrix_rate(BUDGET) == pytest.approx(2 * 8**3 / 0.02)


def rows(update: int, *, evaluated: bool = False) -> list[Measurement]:
    scores = [Measurement(update, "validation", "nll", 1.0)] if evaluated else []
    return [Measurement(update, "train", "target_tokens", 300.0), *scores]


def test_the_pace_is_of_updates_without_an_evaluation(monkeypatch: pytest.MonkeyPatch) -> None:
    meter = Meter("cpu")
    clock([5.0, 9.0, 29.0, 33.0, 35.0, 41.0], monkeypatch)
    meter.note([Measurement(0, "validation", "nll", 1.0)])
    meter.note(rows(1))
    meter.note(rows(2, evaluated=True))
    meter.note(rows(3))
    assert meter.tokens_per_second is None  # after 8 seconds of updates
    meter.note(rows(4))
    assert meter.tokens_per_second == 900 / 10
    meter.note(rows(5, evaluated=True))
    assert meter.tokens_per_second == 900 / 10


@pytest.fixture
def paced(monkeypatch: pytest.MonkeyPatch) -> Meter:
    """A meter that has seen enough updates, whatever time they took."""
    monkeypatch.setattr(usage, "_LEAST", 0.0)
    monkeypatch.setattr(flops, "_SIZES", {"cpu": (64,)})
    monkeypatch.setattr(flops, "_SECONDS", 0.001)
    meter = Meter("cpu")
    meter.note(rows(1))
    meter.note(rows(2))
    return meter


def test_what_is_measured_leaves_the_run_as_it_is(paced: Meter) -> None:
    parts = assemble(experiment(regularizers={"dropout": Dropout(rate=0.1)}), seed=1)
    before, random = weights(parts), torch.get_rng_state()
    measured = measured_usage(paced, parts=parts)
    assert paced.tokens_per_second
    work = flops_per_token(parts)
    assert measured.flop_rate == pytest.approx(work * paced.tokens_per_second)
    assert measured.matrix_rate
    assert measured.flop_utilization == measured.flop_rate / measured.matrix_rate
    assert all(torch.equal(weight, before[name]) for name, weight in weights(parts).items())
    assert torch.equal(torch.get_rng_state(), random)
    assert all(weight.grad is None for weight in parts.model.parameters())


def test_a_run_of_several_processes_has_the_matrix_rate_of_all(
    paced: Meter, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = replace(BUDGET, accumulation=2, parallel=Parallel(data=2))
    parts = assemble(experiment(budget=shared), seed=1)
    monkeypatch.setattr(flops, "_SECONDS", 0.0005)
    clock([0.0, 0.0, 0.001, 0.001], monkeypatch)
    assert measured_usage(paced, parts=parts).matrix_rate == pytest.approx(2 * 2 * 64**3 / 0.001)


def test_a_component_that_refuses_single_pairs_costs_no_run(
    paced: Meter, capsys: pytest.CaptureFixture[str]
) -> None:
    parts = assemble(experiment(), seed=1)

    def refuse(*_: Any, **__: Any) -> Any:
        raise ValueError("two sentences\nat least")

    refusing: Assembly = replace(parts, predict=refuse)
    measured = measured_usage(paced, parts=refusing)
    assert (measured.device, measured.flop_utilization) == ("cpu", None)
    assert "the FLOP utilization is unknown: two sentences at least" in capsys.readouterr().err


def test_a_short_run_is_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = assemble(experiment(), seed=1)
    measured = measured_usage(Meter("cpu"), parts=parts)
    assert (measured.flop_rate, measured.matrix_rate) == (None, None)
    assert math.isfinite(measured.peak_memory or math.nan)


def test_a_measured_run_keeps_its_bits_and_its_measurements(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcomes: list[TrainingOutcome] = []
    for name, least in (("plain", math.inf), ("measured", 0.0)):
        monkeypatch.setattr(usage, "_LEAST", least)
        (tmp_path / name).mkdir()
        finish(tmp_path / name)
        run = planned(tmp_path / name)
        outcome = Ledger(tmp_path / name / "results" / "runs").outcome(run.digest)
        assert outcome
        outcomes.append(outcome)
    plain, measured = outcomes
    assert plain.files == measured.files
    assert plain.usage
    assert plain.usage.flop_utilization is None
    assert measured.usage
    assert measured.usage.flop_utilization
    assert 0 < measured.usage.flop_utilization < 1
