"""Metrics: what is said of the text a model wrote."""

from __future__ import annotations

from collections.abc import Sequence

from harness.components import Metric
from harness.hookspecs import hookimpl
from harness_metrics.bleu import Bleu
from harness_metrics.chrf import Chrf
from harness_metrics.exact_match import ExactMatch


@hookimpl
def harness_metrics() -> Sequence[type[Metric]]:
    """Offer corpus BLEU, chrF and the share of exact lines."""
    return [Bleu, Chrf, ExactMatch]
