"""Statistical comparison: the scores of runs, paired by seed, become findings with verdicts.

Numbers in, findings out: nothing here reads or writes a file, and nothing computes with torch.
"""

from __future__ import annotations

from harness.analysis.findings import compare
from harness.analysis.inputs import RunResult, ScoredMetric
from harness.analysis.p_values import p_text
from harness.analysis.resampling import Sentences, resample

__all__ = ["RunResult", "ScoredMetric", "Sentences", "compare", "p_text", "resample"]
