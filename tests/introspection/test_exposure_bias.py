"""Held against passes over one prefix at a time."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from support.finished_run import planned

from harness.introspection.exposure_bias import Exposure, draw_exposure, exposure, exposure_text
from harness.prediction import writable
from harness.report.style import style
from harness.runs.ledger import Ledger
from harness.runs.restored import RestoredRun, restore_run


@pytest.fixture(scope="module")
def trained(finished: Path) -> RestoredRun:
    return restore_run(finished / "results" / "runs" / planned(finished).digest)


@torch.no_grad()
def by_hand(run: RestoredRun) -> list[list[float]]:
    """Tokens, and their nats after gold and own prefixes, summed by position."""
    pairs, model = run.parts.task.test, run.model
    sums = [[0.0] * (max(map(len, pairs.targets)) - 1) for _ in range(3)]
    for source, target in zip(pairs.sources, pairs.targets, strict=True):
        memory = model.encode(source[None])
        own = target[:1]
        for place in range(len(target) - 1):
            for kind, prefix in enumerate((target[: place + 1], own), start=1):
                logits = model.project(model.decode(model.embed(prefix[None]), memory)[0, -1:])
                sums[kind][place] -= float(logits.log_softmax(-1)[0, target[place + 1]])
            own = torch.cat([own, writable(logits).argmax(-1)])
            sums[0][place] += 1
    return sums


def test_it_is_the_nats_of_one_prefix_after_another(trained: RestoredRun) -> None:
    measured = exposure(trained)
    tokens, gold, own = by_hand(trained)
    assert measured.tokens == tokens
    assert measured.after_gold == pytest.approx(gold, rel=1e-5)
    assert measured.after_own == pytest.approx(own, rel=1e-5)
    assert measured.bias == pytest.approx((sum(own) - sum(gold)) / sum(tokens), abs=1e-5)
    assert measured.after_own[0] == measured.after_gold[0], "no word stands before the first"
    assert abs(measured.bias) > 1e-3


def test_gold_prefixes_give_the_nll_of_the_split(finished: Path, trained: RestoredRun) -> None:
    measured, run = exposure(trained), planned(finished)
    outcome = Ledger(finished / "results" / "runs").evaluated(run.digest, evaluation=run.evaluation)
    assert outcome
    nll = sum(measured.after_gold) / sum(measured.tokens)
    assert nll == pytest.approx(outcome.scores["nll"], rel=1e-6)
    validation = exposure(trained, split="validation")
    assert validation.tokens != measured.tokens


def test_positions_weigh_by_their_tokens() -> None:
    measured = Exposure([4, 2], [4.0, 1.0], [4.0, 4.0])
    assert measured.bias == 0.5
    assert exposure_text(measured) == (
        "exposure bias: +0.5000 nats per token of test (1.3333 after the model's own words, "
        "0.8333 after the reference's; 6 tokens)"
    )
    with style("exposure"):
        (axes,) = draw_exposure(measured, name="0123").axes
    own, gold = ([*map(float, line.get_ydata())] for line in axes.lines)
    assert (own, gold) == ([1.0, 2.0], [1.0, 0.5])
    assert axes.get_title() == "Run 0123: exposure bias +0.500 nats per token"
