"""Verdicts: the scores of runs, paired by seed, become findings. Numbers in, words out, no disk."""

from __future__ import annotations

from harness.analysis.findings import compare
from harness.analysis.inputs import RunResult, ScoredMetric
from harness.analysis.resampling import Sentences, resample
from harness.analysis.verdict_text import p_text

__all__ = ["RunResult", "ScoredMetric", "Sentences", "compare", "p_text", "resample"]
