"""The line above the findings on a screen, and what is said of several of them once, below."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from harness.analysis.p_values import p_text
from harness.analysis.power import POWER
from harness.analysis.statistics import ALPHA
from harness.contracts import Design, Finding
from harness.contracts.results import DIRECTIONS, Method
from harness.report.answer_text import on_split
from harness.report.cost_text import metric_text
from harness.report.design_text import correction_text, floor_looks_text
from harness.report.numbers import decimal_places, level_text, number_text, p_is_of_sign_flips
from harness.report.screen import is_incomplete
from harness.report.tables import comparator_header, run_counts
from harness.report.values import Report

_MOST_NUMBERS = 8  # differences that a note names before it gives their range
_TESTS: dict[Method, str] = {
    "paired_t": "a paired t test",
    "welch": "Welch's t test",
    "sign_test": "the exact sign test",
}


def caption(report: Report) -> str:
    """The meaning of a row: the metric, both means, the difference with its interval, and p."""
    metric = report.primary
    median = "median " if report.on_primary[0].method == "sign_test" else ""
    several = any(finding.family > 1 for finding in report.on_primary)
    level = level_text(report.on_primary)
    interval = f"[{level} interval{', of each alone' if several else ''}]"
    unit = "runs" if report.on_primary[0].method == "welch" else "pairs"
    of_all = "of all seeds" if report.design.of_table else "of those planned"  # a table has no plan
    counts = f"{unit} {of_all}, " if any(map(is_incomplete, report.on_primary)) else ""
    return (
        f"{metric_text(metric)}{on_split(metric)} ({DIRECTIONS[metric.higher_is_better]}): "
        f"{comparator_header(report)} -> variant, {counts}{median}difference {interval}, "
        f"p of {_test(report.on_primary)}{correction_text(report)}"
    )


def _test(findings: Sequence[Finding]) -> str:
    if any(finding.p_ranks is not None for finding in findings):
        return "a signed-rank test in which diverged runs rank worst"
    tested = [finding for finding in findings if finding.p is not None]
    if tested and all(map(p_is_of_sign_flips, tested)):
        return "the sign-flip test"
    rest = (
        ", or of the sign-flip test where there is no spread"
        if any(map(p_is_of_sign_flips, tested))
        else ""
    )
    return f"{_TESTS[findings[0].method]}{rest}"


def notes(report: Report) -> Iterator[str]:
    """Reasons of verdicts that have one of their own, and what limits the tests; none twice."""
    findings = report.on_primary
    yield from _reasons(findings)
    if lost := [*_lost(report)]:
        yield f"Runs without a score: {'; '.join(lost)}."
    if names := _names(findings, where=_differs_among_survivors):
        unpaired = findings[0].method == "welch"
        where = "among runs that did not diverge" if unpaired else "on seeds where no run diverged"
        yield (
            f"Different, or equivalent, but only {where}, which leaves it inconclusive: {names}."
        )
    yield from _sign_flips(findings, design=report.design)
    yield from _equivalence(findings)
    if shown := [finding for finding in findings if _undecided(finding)]:
        yield (
            f"Differences that would show with {POWER:.0%} power, if spreads are as seen: "
            f"{_numbers(shown) if len(shown) <= _MOST_NUMBERS else _range(shown)}."
        )


def _reasons(findings: Sequence[Finding]) -> Iterator[str]:
    """The reasons of verdicts that are none of a test, each with all that have it."""
    names: dict[str, list[str]] = {}
    for finding in findings:
        if finding.verdict in ("identical", "no_inference"):
            names.setdefault(finding.reason, []).append(finding.label)
    for reason, about in names.items():
        yield f"{', '.join(about)}: {reason}."


def _lost(report: Report) -> Iterator[str]:
    """The runs of each variant that did not finish, counted; a table of scores has no plan."""
    header, rows, _ = run_counts(report)
    known = header[3:5] if report.design.of_table else header[3:]
    for variant, _planned, _finished, *counts in rows:
        # Not strict: those that were not run are the last.
        lost = [f"{n} {name}" for name, n in zip(known, counts, strict=False) if n]
        if lost:
            yield f"{variant} {', '.join(lost)}"


def _differs_among_survivors(finding: Finding) -> bool:
    tests = (finding.p_adjusted, finding.p_equivalent_adjusted)
    below = any(p is not None and p < ALPHA for p in tests)
    died = finding.diverged + finding.diverged_baseline > 0
    return finding.verdict == "inconclusive" and died and below


def _sign_flips(findings: Sequence[Finding], *, design: Design) -> Iterator[str]:
    """The tests that hold for symmetric noise of any shape, where they cannot agree or do not."""
    floors: dict[str, None] = {}
    for finding in findings:
        floor = finding.p_floor or 0.0
        if finding.p_sign_flip is not None and floor >= ALPHA:
            tied = sum(pair.variant == pair.baseline for pair in finding.per_seed)
            ties = f", of which {tied} {'is' if tied == 1 else 'are'} tied" if tied else ""
            looks = floor_looks_text(finding, design=design)
            floors[f"p = {p_text(floor)} with {finding.n} seeds{ties}{looks}"] = None
    if floors:
        limits = ", or ".join(floors)
        yield (
            "The sign-flip test, which takes noise to be symmetric but not normal, cannot go below"
            f" {limits}."
        )
    if apart := [finding for finding in findings if _sign_flip_disagrees(finding)]:
        values = [f"{finding.label} {p_text(finding.p_sign_flip or 0.0)}" for finding in apart]
        yield f"The sign-flip test does not reach .05: {', '.join(values)}."


def _sign_flip_disagrees(finding: Finding) -> bool:
    p, floor = finding.p_sign_flip, finding.p_floor or 0.0
    decided = finding.p_adjusted is not None and finding.p_adjusted < ALPHA
    return decided and p is not None and p >= ALPHA > floor


def _equivalence(findings: Sequence[Finding]) -> Iterator[str]:
    """The tests against the study's margin."""
    tested = [finding for finding in findings if finding.p_equivalent_adjusted is not None]
    for margin in dict.fromkeys(finding.margin for finding in tested):
        values = [
            f"{finding.label} {p_text(finding.p_equivalent_adjusted or 0.0)}"
            for finding in tested
            if finding.margin == margin
        ]
        yield (
            f"Equivalence p, by two one-sided tests against the margin of {margin:g}: "
            f"{', '.join(values)}."
        )


def _undecided(finding: Finding) -> bool:
    undecided = finding.verdict == "inconclusive" and not _differs_among_survivors(finding)
    return undecided and finding.detectable is not None


def _numbers(findings: Sequence[Finding]) -> str:
    return ", ".join(
        f"{finding.label} {number_text(finding.detectable, places=decimal_places(finding))}"
        for finding in findings
    )


def _range(findings: Sequence[Finding]) -> str:
    ordered = sorted(findings, key=lambda finding: finding.detectable or 0.0)
    return f"from {_numbers(ordered[:1])} to {_numbers(ordered[-1:])}"


def _names(findings: Sequence[Finding], *, where: Callable[[Finding], bool]) -> str:
    return ", ".join(finding.label for finding in findings if where(finding))
