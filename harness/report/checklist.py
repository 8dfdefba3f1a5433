"""What a reader of results asks for, item by item: its value, or that it was not done."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from harness.analysis import p_text
from harness.contracts import Finding
from harness.report import tables
from harness.report.answer_text import direction
from harness.report.design_text import corrected
from harness.report.numbers import NONE, between, decimals, difference, number
from harness.report.values import Report

_NOT_DONE = "not done"
_STREAMS = (
    "each seed drives the initial weights, the order of batches, the noise of regularizers and of "
    "the decoding policy, and what is sampled in decoding, from a stream of random numbers each"
)


class Item(NamedTuple):
    """One thing to report, and what there is to say of it."""

    name: str
    lines: Sequence[str]


def checklist(report: Report) -> list[Item]:
    """Every item, from the facts of the study and nothing else."""
    items = (*_design(report), *_results(report), *_circumstances(report))
    return [Item(name, [*lines] or [_NOT_DONE]) for name, lines in items]


def _design(report: Report) -> Iterator[Item]:
    yield Item("Runs of each variant", [*_runs(report)])
    yield Item("Seeds", [", ".join(map(str, report.seeds)), _STREAMS])
    yield Item("Paired, and correlation over seeds", [*_paired(report)])
    primary = report.primary
    metric = f"{primary.name}, {direction(primary)}, on the {primary.split} split"
    yield Item("Primary metric", [metric])
    yield Item("Weights that are scored", report.provenance.weights)
    yield Item("Scores of every run", [f"{primary.name} under Runs, all metrics in findings.json"])


def _results(report: Report) -> Iterator[Item]:
    yield Item("Mean difference, 95% interval", _each(report, told=difference))
    yield Item("Test, p, corrected p", [*_tests(report)])
    yield Item("Least p that is attainable", _each(report, told=_floor))
    yield Item("Effect size", _each(report, told=_effect_size))
    yield Item("Smallest difference to be seen with 80% power", _each(report, told=_detectable))
    yield Item("Margin and equivalence", _each(report, told=_equivalence))
    yield Item("Variance over seeds and over test sentences", _each(report, told=_sources))
    yield Item("Looks at the results", [*_looks(report)])
    yield Item("Tuning of each variant", [*_tuning(report)])


def _circumstances(report: Report) -> Iterator[Item]:
    yield Item("Versions", [f"{name} {version}" for name, version in report.versions.items()])
    yield Item("Device and threads", report.provenance.machine)
    commit = report.provenance.commit
    yield Item("Commit of the study", [commit] if commit else ["not known: it is in no checkout"])
    yield Item("Runs without a score", report.provenance.excluded or ["none"])


def _runs(report: Report) -> Iterator[str]:
    _, *ended = tables.runs(report).header
    for variant, *counts in tables.runs(report).rows:
        known = dict(zip(ended, counts, strict=True))
        planned = known.pop("planned")
        told = [f"{count} {name}" for name, count in known.items() if count]
        yield f"{variant}: {planned} planned, {', '.join(told)}" if told else f"{variant}: none"


def _paired(report: Report) -> Iterator[str]:
    if not report.on_primary:
        return
    if any(finding.method == "welch" for finding in report.on_primary):
        yield "not paired, as the study declares"
        return
    yield "paired by seed"
    yield from _each(report, told=lambda each: _known(each.correlation, places=2))


def _tests(report: Report) -> Iterator[str]:
    if not report.on_primary:
        return
    welch = any(finding.method == "welch" for finding in report.on_primary)
    alone = ", one comparison with nothing to correct for"
    yield f"{'Welch' if welch else 'paired'} t test, two-sided{corrected(report) or alone}"
    yield from _each(report, told=_p)


def _p(finding: Finding) -> str:
    if finding.p is None or finding.p_adjusted is None:
        return ""
    return f"p {p_text(finding.p)}, corrected {p_text(finding.p_adjusted)}"


def _floor(finding: Finding) -> str:
    if finding.p_floor is None:
        return ""
    return f"{p_text(finding.p_floor)} by sign flips, with {finding.n} seeds"


def _effect_size(finding: Finding) -> str:
    return _known(finding.effect_size, places=2, sign="+")


def _detectable(finding: Finding) -> str:
    return _known(finding.detectable, places=decimals(finding))


def _equivalence(finding: Finding) -> str:
    if finding.margin is None:
        return ""
    p = finding.p_equivalent_adjusted
    tested = "not tested" if p is None else f"two one-sided tests, corrected p {p_text(p)}"
    return f"margin {finding.margin:g}, {tested}"


def _sources(finding: Finding) -> str:
    places = decimals(finding)
    low, high = finding.interval_sentences_low, finding.interval_sentences_high
    if low is None:
        return ""
    seeds = between(finding.interval_low, high=finding.interval_high, places=places)
    both = between(finding.combined_low, high=finding.combined_high, places=places)
    sentences = between(low, high=high, places=places)
    return f"seeds {seeds}, sentences {sentences}, both {both}"


def _looks(report: Report) -> Iterator[str]:
    if report.design.looks:
        yield f"planned after {', '.join(map(str, report.design.looks))} seeds, and corrected for"
    if report.inspections:
        yield report.inspections.rstrip(".")
    elif not report.design.looks:
        yield "one"


def _tuning(report: Report) -> Iterator[str]:
    trials = report.tuning
    if trials is None:
        return
    values = len(trials.variants[0].scores)
    seeds = "1 seed" if trials.seeds == 1 else f"{trials.seeds} seeds"
    yield f"{values} values of {trials.option} for each, {seeds} a value"
    yield f"chosen by {trials.metric} on validation"
    yield from (f"{each.variant}: {each.chosen}" for each in trials.variants)


def _each(report: Report, *, told: Callable[[Finding], str]) -> list[str]:
    """What there is to say of each comparison on the primary metric; nothing if of none."""
    said = {finding.label: told(finding) for finding in report.on_primary}
    known = any(text not in ("", NONE) for text in said.values())
    return [f"{label}: {text or NONE}" for label, text in said.items()] if known else []


def _known(value: float | None, *, places: int, sign: str = "") -> str:
    return "" if value is None else number(value, places=places, sign=sign)
