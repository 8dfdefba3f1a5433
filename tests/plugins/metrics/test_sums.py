from __future__ import annotations

import pytest

from harness.components import Metric
from harness_metrics.bleu import Bleu
from harness_metrics.chrf import Chrf
from harness_metrics.exact_match import ExactMatch
from harness_metrics.rouge import Rouge
from harness_metrics.ter import Ter

METRICS = [
    *(Bleu(), Bleu(lowercase=True, tokenize="char"), Bleu(smooth="none", effective_order=True)),
    *(Bleu(smooth="floor"), Bleu(smooth="add-k")),
    *(Chrf(), Chrf(word_order=2), Chrf(char_order=3, lowercase=True), ExactMatch()),
    *(Ter(), Ter(normalized=True, case_sensitive=True), Rouge()),
]


@pytest.mark.parametrize("metric", METRICS, ids=repr)
def test_the_score_of_summed_statistics_equals_the_corpus_score(metric: Metric, text) -> None:
    by_sentence, score = metric.by_sentence(), metric.build()
    assert by_sentence is not None
    lines = text.hypotheses, text.references
    rows = by_sentence.statistics(*lines)
    assert len(rows) == len(text.references)
    assert len({len(row) for row in rows}) == 1
    for subset in (slice(None), slice(0, 3), slice(4, 5)):
        sums = [sum(column) for column in zip(*rows[subset], strict=True)]
        expected = score(lines[0][subset], lines[1][subset]).value
        assert by_sentence.score(sums) == pytest.approx(expected, abs=1e-9)
        assert by_sentence.score([float(total) for total in sums]) == by_sentence.score(sums)
