"""What sacrebleu's own significance tests work on: statistics of each line, and scores of sums."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.contracts import BySentence

if TYPE_CHECKING:
    from sacrebleu.metrics.base import Metric

Rows = Sequence[Sequence[float]]


def by_line(metric: Metric) -> BySentence:
    """A metric of sacrebleu, line by line."""

    def statistics(hypotheses: Sequence[str], references: Sequence[str]) -> Rows:
        rows: Rows = metric._extract_corpus_statistics(hypotheses, [references])  # noqa: SLF001 (no public name has them, and sacrebleu's paired tests are made of them)
        return rows

    def score(sums: Sequence[float]) -> float:
        made = metric._compute_score_from_stats([*map(int, sums)])  # noqa: SLF001 (as above)
        return float(made.score)

    return BySentence(statistics=statistics, score=score)
