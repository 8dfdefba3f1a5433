from __future__ import annotations

import pytest

from harness.components import Metric
from harness_metrics.bleu import Bleu
from harness_metrics.chrf import Chrf
from harness_metrics.exact_match import ExactMatch

METRICS = [
    *(Bleu(), Bleu(lowercase=True, tokenize="char"), Bleu(smooth="none", effective_order=True)),
    *(Bleu(smooth="floor"), Bleu(smooth="add-k")),
    *(Chrf(), Chrf(word_order=2), Chrf(char_order=3, lowercase=True), ExactMatch()),
]


@pytest.mark.parametrize("metric", METRICS, ids=repr)
def test_the_score_of_summed_statistics_is_the_metrics_own(metric: Metric, text) -> None:
    parts, score = metric.by_sentence(), metric.build()
    assert parts is not None
    lines = text.hypotheses, text.references
    rows = parts.statistics(*lines)
    assert len(rows) == len(text.references)
    assert len({len(row) for row in rows}) == 1
    for some in (slice(None), slice(0, 3), slice(4, 5)):
        sums = [sum(column) for column in zip(*rows[some], strict=True)]
        expected = score(lines[0][some], lines[1][some]).value
        assert parts.score(sums) == pytest.approx(expected, abs=1e-9)
        assert parts.score([float(each) for each in sums]) == parts.score(sums)
