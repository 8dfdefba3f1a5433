"""Metrics that compare generated text with references."""

from __future__ import annotations

from collections.abc import Sequence

from harness.components import Metric
from harness.hookspecs import hookimpl
from harness_metrics.bleu import Bleu
from harness_metrics.chrf import Chrf
from harness_metrics.exact_match import ExactMatch


@hookimpl
def harness_metrics() -> Sequence[type[Metric]]:
    """Offer corpus BLEU, chrF and exact match."""
    return [Bleu, Chrf, ExactMatch]
