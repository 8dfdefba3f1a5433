"""A technique that does nothing, tuned: false findings in simulated studies."""

from __future__ import annotations

import runpy
from pathlib import Path

TUNING = runpy.run_path(str(Path(__file__).parents[2] / "benchmarks" / "tuning.py"))


def test_a_choice_in_every_seed_keeps_the_rate_of_false_findings() -> None:
    setting = TUNING["Setting"](variants=1, seeds=10, trials=1, gap=1.0, shared=0.0)
    per_seed, once = TUNING["simulate"](setting, studies=2000)
    assert per_seed <= 0.065  # three standard errors above 5%
    assert once > 0.2
