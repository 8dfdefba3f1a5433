"""The calibration benchmark with few studies and wide bounds, to detect gross errors."""

from __future__ import annotations

import runpy
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

STUDIES = 100
CALIBRATION = runpy.run_path(str(Path(__file__).parents[2] / "benchmarks" / "calibration.py"))


@pytest.mark.parametrize(
    "simulation",
    CALIBRATION["SIMULATIONS"],
    ids=[simulation.__name__ for simulation in CALIBRATION["SIMULATIONS"]],
)
def test_rates_are_near_their_bounds(
    simulation: Callable[[int], Iterator[object]], monkeypatch: pytest.MonkeyPatch
) -> None:
    scope = simulation.__globals__
    few = [scope["Setting"](variants=2, seeds=5, equal=False)]
    monkeypatch.setitem(scope, "SETTINGS", few)
    monkeypatch.setitem(scope, "FEWER", few)
    monkeypatch.setitem(scope, "SEEDS", (4,))
    rates = [*simulation(STUDIES)]
    assert rates
    for rate in rates:
        least, most = scope["BOUNDS"][rate.event]
        room = 4 * (0.05 * 0.95 / STUDIES) ** 0.5  # four standard errors of a rate of 5%
        assert least - room <= rate.share <= most + room, rate


def test_the_interval_by_documents_covers_more_than_that_by_sentences(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = Path(__file__).parents[2] / "benchmarks"
    monkeypatch.syspath_prepend(str(folder))
    scope = runpy.run_path(str(folder / "other_noise.py"))
    rates = [*scope["in_documents"](8)]
    shares = {
        event: [rate.share for rate in rates if rate.event == scope[event]]
        for event in ("CLUSTERED", "UNCLUSTERED")
    }
    assert sum(shares["CLUSTERED"]) / 8 > 0.9 > sum(shares["UNCLUSTERED"]) / 8
