"""The variance of the baseline's score by source, as far as a study's runs tell sources apart."""

from __future__ import annotations

import math

from harness.analysis.variance_sources import NOISE, SENTENCES, share_of, variance_sources
from harness.report.numbers import NOT_AVAILABLE, interval_text, number_text
from harness.report.tables import Table
from harness.report.values import Report
from harness.study.values import BASELINE

_SEEDS = (
    "A seed decides the initial weights, the order of batches and the noise of training; a variant"
    " with replicate: 1 would tell the weights from the rest."
)
_PARTED = (
    "Runs of one seed share the initial weights; order and noise is what differs between them: the"
    " order of batches, dropout, and what the decoding policy draws."
)
_SENTENCES = "Test sentences: the mean of these runs on as many others like them."
_DOCUMENTS = "Those of one document count together, and df counts documents."


def variance_table(report: Report) -> Table:
    """The standard deviation that each source gives to one run's score, with its interval."""
    sources = variance_sources(
        {(result.variant, result.seed): result for result in report.results},
        variants=_alike(report),
        seeds=report.seeds,
        metric=report.primary,
    )
    # Two digits of the smallest.
    least = min((source.variance for source in sources if source.variance), default=0.0)
    places = min(6, max(0, 1 - math.floor(math.log10(least) / 2))) if least else 1
    rows = []
    for source in sources:
        low, high = math.sqrt(source.low), math.sqrt(source.high)
        of_all = share_of(source, sources=sources)
        rows.append(
            [
                source.name,
                number_text(math.sqrt(source.variance), places=places),
                interval_text(low, high=high, places=places).replace("+", ""),
                NOT_AVAILABLE if of_all is None else f"{of_all:.0%}",
                source.df,
            ]
        )
    header = ["source", "standard deviation", "95% interval", "share of variance", "df"]
    return Table(header, rows if least else [], right=1)


def variance_note(report: Report) -> str:
    """The runs of the table, and the meaning of its rows."""
    others = len(_alike(report)) - 1
    names = {row[0] for row in variance_table(report).rows}
    which = f" and {others} variants that change nothing"
    which = which if others > 1 else " and a variant that changes nothing"
    notes = [f"{report.primary.name} of the baseline{which if others else ''}, by source."]
    notes.append(_PARTED if NOISE in names else _SEEDS)
    if SENTENCES in names:
        grouped = any(finding.documents for finding in report.on_primary)
        notes += [_SENTENCES, *([_DOCUMENTS] if grouped else [])]
    return " ".join(notes)


def _alike(report: Report) -> list[str]:
    """The variants that are one experiment: the baseline, and those of the noise floor."""
    return [BASELINE, *report.design.noise_floor]
