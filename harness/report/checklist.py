"""The reporting checklist: every item with its value, or a note that it was not done."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from harness.analysis import p_text
from harness.contracts import Design, Finding, Method
from harness.report import tables
from harness.report.answer_text import direction, on_split
from harness.report.design_text import correction_text, floor_looks_text
from harness.report.numbers import (
    NOT_AVAILABLE,
    correlation_text,
    decimal_places,
    difference_text,
    interval_text,
    level_text,
    number_text,
    p_is_of_sign_flips,
)
from harness.report.tuning_text import chosen_text, trial_seeds
from harness.report.values import Report

_NOT_DONE = "not done"
_STREAMS = (
    "each seed determines the initial weights, the order of batches, the noise of regularizers and "
    "of the decoding policy, and the sampling in decoding, each with a random stream of its own"
)

_TESTS: Mapping[Method, str] = {
    "paired_t": "paired t test",
    "welch": "Welch t test",
    "sign_test": "sign test of the median difference",
}


class Item(NamedTuple):
    """One item of the checklist with its values, a line each."""

    name: str
    lines: Sequence[str]


def checklist(report: Report) -> list[Item]:
    """Every item, from the facts of the study alone."""
    items = (*_design(report), *_results(report), *_circumstances(report))
    return [Item(name, [*lines] or [_NOT_DONE]) for name, lines in items]


def _design(report: Report) -> Iterator[Item]:
    yield Item("Runs per variant", [*_runs(report)])
    yield Item("Seeds", [", ".join(map(str, report.seeds)), _STREAMS])
    yield Item("Pairing, and correlation over seeds", [*_pairing(report)])
    primary = report.primary
    yield Item(
        "Primary metric", [f"{primary.name}, {direction(primary)}{on_split(primary, mark=',')}"]
    )
    yield Item("Scored weights", report.provenance.weights)
    yield Item("Scores of every run", [f"{primary.name} under Runs, all metrics in findings.json"])


def _results(report: Report) -> Iterator[Item]:
    median = any(finding.method == "sign_test" for finding in report.on_primary)
    of = " of finished pairs" if any(finding.n_ranked for finding in report.on_primary) else ""
    name = f"{'Median' if median else 'Mean'} difference{of}"
    yield Item(
        f"{name}, {level_text(report.on_primary)} interval",
        _by_finding(report, text=difference_text),
    )
    yield Item("Test, p, corrected p", [*_tests(report)])
    yield Item(
        "Smallest attainable p", _by_finding(report, text=partial(_floor, design=report.design))
    )
    yield Item("Effect size", _by_finding(report, text=_effect_size))
    yield Item(
        "Detectable difference (80% power, at this spread)",
        _by_finding(report, text=_detectable),
    )
    yield Item("Margin and equivalence test", _by_finding(report, text=_equivalence))
    yield Item("Intervals over seeds and over test sentences", _by_finding(report, text=_intervals))
    yield Item("Inspections of the results", [*_inspections(report)])
    yield Item("Tuning of each variant", [*_tuning(report)])


def _circumstances(report: Report) -> Iterator[Item]:
    yield Item("Versions", [f"{name} {version}" for name, version in report.versions.items()])
    yield Item("Device and threads", report.provenance.machine)
    commit = report.provenance.commit or "unknown: the study is not in a Git checkout"
    yield Item("Commit of the study", [commit])
    lost = [*report.provenance.excluded, *_unscored(report)]
    yield Item("Runs without a score", lost or ["none"])


def _unscored(report: Report) -> Iterator[str]:
    """The runs that finished without a score of the primary metric, with the reason if known."""
    name = report.primary.name
    for run in report.results:
        if run.outcome == "finished" and run.score(name) is None and not report.primary.rule:
            reason = f" ({run.unscored[name]})" if name in run.unscored else ""
            yield f"{run.variant}, seed {run.seed}: no {name}{reason}"


def _runs(report: Report) -> Iterator[str]:
    counts = tables.run_counts(report)
    for variant, planned, *numbers in counts.rows:
        outcomes = zip(counts.header[2:], numbers, strict=True)
        parts = [f"{number} {outcome}" for outcome, number in outcomes if number]
        yield f"{variant}: {planned} planned, {', '.join(parts)}" if parts else f"{variant}: none"


def _pairing(report: Report) -> Iterator[str]:
    if not report.on_primary:
        return
    if any(finding.method == "welch" for finding in report.on_primary):
        yield "not paired, as the study declares"
        return
    yield "paired by seed"
    yield from _by_finding(report, text=correlation_text)


def _tests(report: Report) -> Iterator[str]:
    if not report.on_primary:
        return
    method = _TESTS[report.on_primary[0].method]
    if any(finding.p_ranks is not None for finding in report.on_primary):
        method = "signed-rank test, diverged runs worst"
    correction = correction_text(report) or ", not corrected, as each family has one comparison"
    yield f"{method}, two-sided{correction}"
    yield from _by_finding(report, text=_p)


def _p(finding: Finding) -> str:
    if finding.p is None or finding.p_adjusted is None:
        return ""
    test = "sign-flip " if p_is_of_sign_flips(finding) else ""
    p = f"{test}p {p_text(finding.p)}"
    return f"{p}, corrected {p_text(finding.p_adjusted)}" if finding.family > 1 else p


def _floor(finding: Finding, *, design: Design) -> str:
    if finding.p_floor is None:
        return ""
    test = "the sign test" if finding.method == "sign_test" else "sign flips"
    looks, n = floor_looks_text(finding, design=design), finding.n_ranked or finding.n
    return f"{p_text(finding.p_floor)} by {test}, with {n} seeds{looks}"


def _effect_size(finding: Finding) -> str:
    return _number(finding.effect_size, places=2, sign="+")


def _detectable(finding: Finding) -> str:
    return _number(finding.detectable, places=decimal_places(finding))


def _equivalence(finding: Finding) -> str:
    if finding.margin is None:
        return ""
    p = finding.p_equivalent_adjusted
    tests = "two one-sided tests"
    if finding.n_ranked:
        tests += " of finished pairs"
    tested = "not tested" if p is None else f"{tests}, corrected p {p_text(p)}"
    return f"margin {finding.margin:g}, {tested}"


def _intervals(finding: Finding) -> str:
    places = decimal_places(finding)
    low, high = finding.interval_sentences_low, finding.interval_sentences_high
    if low is None:
        return ""
    seeds = interval_text(finding.interval_low, high=finding.interval_high, places=places)
    both = interval_text(finding.combined_low, high=finding.combined_high, places=places)
    sentences = interval_text(low, high=high, places=places)
    return f"seeds {seeds}, sentences {sentences}, both {both}"


def _inspections(report: Report) -> Iterator[str]:
    if report.design.looks:
        yield f"planned after {', '.join(map(str, report.design.looks))} seeds, and corrected for"
    yield from (sentence.rstrip(".") for sentence in report.deviations)
    if report.inspections:
        yield report.inspections.rstrip(".")
    elif not report.design.looks:
        yield "one"


def _tuning(report: Report) -> Iterator[str]:
    tuning = report.tuning
    if tuning is None:
        return
    values = len(tuning.variants[0].scores)
    yield f"{values} values of {tuning.option} for every variant, {trial_seeds(tuning)} per value"
    how = "once, for all seeds" if tuning.once else "anew for every seed, by trials of its own"
    yield f"chosen {how}, by {tuning.metric} on validation"
    for tuned in tuning.variants:
        best = ", the first, as no value has a score" if tuned.unscored else ""
        yield f"{tuned.variant}: {chosen_text(tuned, once=tuning.once)}{best}"


def _by_finding(report: Report, *, text: Callable[[Finding], str]) -> list[str]:
    """One line per comparison on the primary metric; empty if no comparison has a value."""
    texts = {finding.label: text(finding) for finding in report.on_primary}
    if all(value in ("", NOT_AVAILABLE) for value in texts.values()):
        return []
    return [f"{label}: {value or NOT_AVAILABLE}" for label, value in texts.items()]


def _number(value: float | None, *, places: int, sign: str = "") -> str:
    return "" if value is None else number_text(value, places=places, sign=sign)
