"""Metrics that compare generated text with references, or say how varied it is."""

from __future__ import annotations

from collections.abc import Sequence

from harness.components import Metric
from harness.hookspecs import hookimpl
from harness_metrics.accuracy import Accuracy
from harness_metrics.bleu import Bleu
from harness_metrics.chrf import Chrf
from harness_metrics.distinct_n import DistinctN
from harness_metrics.exact_match import ExactMatch
from harness_metrics.rouge import Rouge
from harness_metrics.self_bleu import SelfBleu
from harness_metrics.ter import Ter


@hookimpl
def harness_metrics() -> Sequence[type[Metric]]:
    """Offer BLEU, chrF, TER, ROUGE-L, accuracy, exact match, distinct n-grams and self-BLEU."""
    return [Bleu, Chrf, Ter, Rouge, Accuracy, ExactMatch, DistinctN, SelfBleu]
