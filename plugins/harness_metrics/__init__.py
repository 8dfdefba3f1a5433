"""Metrics that compare generated text with references."""

from __future__ import annotations

from collections.abc import Sequence

from harness.components import Metric
from harness.hookspecs import hookimpl
from harness_metrics.bleu import Bleu
from harness_metrics.chrf import Chrf
from harness_metrics.exact_match import ExactMatch
from harness_metrics.rouge import Rouge
from harness_metrics.ter import Ter


@hookimpl
def harness_metrics() -> Sequence[type[Metric]]:
    """Offer corpus BLEU, chrF, TER, ROUGE-L and exact match."""
    return [Bleu, Chrf, Ter, Rouge, ExactMatch]
