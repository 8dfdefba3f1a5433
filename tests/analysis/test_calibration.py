"""The benchmark in small: few studies and wide bounds, so that a rate that is far off is seen."""

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
    ids=[each.__name__ for each in CALIBRATION["SIMULATIONS"]],
)
def test_rates_are_near_their_bounds(
    simulation: Callable[[int], Iterator[object]], monkeypatch: pytest.MonkeyPatch
) -> None:
    scope = simulation.__globals__
    few = [scope["Setting"](variants=2, seeds=5, equal=False)]
    monkeypatch.setitem(scope, "SETTINGS", few)
    monkeypatch.setitem(scope, "FEWER", few)
    monkeypatch.setitem(scope, "SEEDS", (4,))
    counted = [*simulation(STUDIES)]
    assert counted
    for each in counted:
        least, most = scope["BOUNDS"][each.what]
        room = 4 * (0.05 * 0.95 / STUDIES) ** 0.5  # four standard errors of a rate of 5%
        assert least - room <= each.share <= most + room, each
