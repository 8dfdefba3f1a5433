"""The tables of a report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from harness.analysis import p_text
from harness.contracts import Finding
from harness.report.contents import Report, Specimen
from harness.report.markdown import Markdown, table
from harness.report.numbers import (
    NONE,
    decimals,
    difference,
    number,
)
from harness.study import BASELINE

_DIFFERENCE = "difference (95% interval)"
_EMPTY = Markdown("*(nothing)*")


def verdicts(report: Report) -> Markdown:
    """The primary metric: means, difference, both tests, verdict."""
    header = [
        "variant",
        "verdict",
        "pairs",
        BASELINE,
        "variant mean",
        _DIFFERENCE,
        "p",
        "sign-flip p",
    ]
    rows = [
        [finding.variant, finding.verdict, finding.n, *_numbers(finding), _sign_flip(finding)]
        for finding in report.on_primary
    ]
    return table(header, rows=rows, right=2)


def exploratory(report: Report) -> Markdown:
    """Every other metric, in brief."""
    header = ["metric", "variant", "verdict", BASELINE, "variant mean", _DIFFERENCE, "p"]
    rows = [
        [finding.metric, finding.variant, finding.verdict, *_numbers(finding)]
        for finding in report.exploratory
    ]
    return table(header, rows=rows, right=3)


def changes(report: Report) -> Markdown:
    """What each variant changes, option by option."""
    rows = [
        [variant, *change]
        for variant in report.variants
        for change in report.changes.get(variant, ())
    ]
    return table(["variant", "option", BASELINE, "variant"], rows=rows, right=4)


def runs(report: Report) -> Markdown:
    """How many runs were planned, and what became of them."""
    outcomes = Counter((result.variant, result.outcome) for result in report.results)
    rows = []
    for variant in report.variants:
        ended = [outcomes[variant, "finished"], outcomes[variant, "diverged"]]
        ended.append(outcomes[variant, "failed"])
        rows.append([variant, len(report.seeds), *ended, len(report.seeds) - sum(ended)])
    header = ["variant", "planned", "finished", "diverged", "failed", "not run"]
    return table(header, rows=rows, right=1)


def by_seed(report: Report) -> Markdown:
    """The primary metric of every run."""
    results = {(result.variant, result.seed): result for result in report.results}
    places = max((decimals(finding) for finding in report.on_primary), default=3)

    def cell(variant: str, *, seed: int) -> str:
        result = results.get((variant, seed))
        if result is None:
            return "not run"
        if result.outcome != "finished":
            return result.outcome
        return number(result.score(report.primary.name), places=places)

    rows = [
        [seed, *(cell(variant, seed=seed) for variant in report.variants)] for seed in report.seeds
    ]
    return table(["seed", *report.variants], rows=rows, right=0)


def specimen(sentence: Specimen, *, variants: Sequence[str]) -> Markdown:
    """A sentence, its reference, and a line for each variant."""
    rows = [["reference", sentence.reference or _EMPTY]]
    for variant in variants:
        written = sentence.written.get(variant)
        rows.append([variant, Markdown("*(no run)*") if written is None else written or _EMPTY])
    return table(["source", sentence.source], rows=rows, right=2)


def _numbers(finding: Finding) -> list[str]:
    places = decimals(finding)
    means = [number(mean, places=places) for mean in (finding.baseline_mean, finding.variant_mean)]
    return [*means, difference(finding), _p(finding.p_adjusted)]


def _p(p: float | None) -> str:
    return NONE if p is None else p_text(p)


def _sign_flip(finding: Finding) -> str:
    p = _p(finding.p_sign_flip)
    return p if finding.p_sign_flip is None else f"{p} (floor {_p(finding.p_floor)})"
