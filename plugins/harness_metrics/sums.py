"""Sufficient statistics of sacrebleu's metrics per line, and corpus scores from their sums."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.contracts import BySentence

if TYPE_CHECKING:
    from sacrebleu.metrics.base import Metric

StatisticsRows = Sequence[Sequence[float]]


def by_line(metric: Metric) -> BySentence:
    """Split a sacrebleu metric into statistics per line and a score of summed statistics."""

    def statistics(hypotheses: Sequence[str], references: Sequence[str]) -> StatisticsRows:
        rows: StatisticsRows = metric._extract_corpus_statistics(hypotheses, [references])  # noqa: SLF001 (no public equivalent; sacrebleu's own paired tests are built on it)
        return rows

    def score(sums: Sequence[float]) -> float:
        result = metric._compute_score_from_stats([*map(int, sums)])  # noqa: SLF001 (as above)
        return float(result.score)

    return BySentence(statistics=statistics, score=score)
