"""Statistical comparison: the scores of runs, paired by seed, become findings with verdicts.

Numbers in, findings out: nothing here reads or writes a file, and nothing computes with torch.
"""

from __future__ import annotations

from harness.analysis.findings import compare
from harness.analysis.improvement import MEANINGFUL, runs_for_improvement
from harness.analysis.inputs import AtEqualCost, RunResult, ScoredMetric, ToTarget
from harness.analysis.p_values import p_text
from harness.analysis.resampling import Sentences, Statistics, resample
from harness.analysis.verdict_text import dropped_text

__all__ = [
    "MEANINGFUL",
    "AtEqualCost",
    "RunResult",
    "ScoredMetric",
    "Sentences",
    "Statistics",
    "ToTarget",
    "compare",
    "dropped_text",
    "p_text",
    "resample",
    "runs_for_improvement",
]
