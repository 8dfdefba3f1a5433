"""Sentences on noise for which the stated rates of false verdicts do not hold."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from harness.analysis.sign_test import sign_p
from harness.analysis.statistics import ALPHA
from harness.contracts import Finding
from harness.report.values import Report

_NOT_ASSURED = (
    "the 5% bound on false verdicts does not hold if noise is skewed and differs between the sides;"
    " {}, on {} or more other seeds{}, asks about the median difference, and holds for independent"
    " noise of any shape"
)


def noise_sentences(report: Report) -> str:
    """The outlying runs and unequal spreads on the primary metric; empty if there are none."""
    found = [finding for finding in report.on_primary if finding.caution]
    # Findings against one baseline share what is said of it.
    clauses = dict.fromkeys(clause for finding in found for clause in finding.caution.split("; "))
    if not clauses:
        return ""
    return f"Caution: {'; '.join([*clauses, *_other_test(report)])}."


def _other_test(report: Report) -> list[str]:
    """What does not hold for a test of means, and the test that would; none by the sign test."""
    methods = {finding.method for finding in report.on_primary}
    if methods <= {"sign_test"}:
        return []
    in_study = "`compare: {method: sign_test}` in another study"
    way = "`--method sign_test`" if report.design.of_table else in_study
    paired = " where runs are paired" if "welch" in methods else ""
    return [_NOT_ASSURED.format(way, _fewest_seeds(report.on_primary), paired)]


def _fewest_seeds(findings: Sequence[Finding]) -> str:
    """The fewest seeds that can give a verdict by the sign test, if all of them agree."""
    tests = max(max(1, finding.family) * finding.looks for finding in findings)
    n = next(n for n in itertools.count(2) if tests * sign_p([1.0] * n) < ALPHA)
    return {6: "six", 7: "seven", 8: "eight", 9: "nine"}.get(n, str(n))


def rare_collapse_note(report: Report) -> list[str]:
    """The rate of collapses that so many runs without one leave possible, at 95% confidence."""
    sizes = [
        min(finding.n, finding.n_baseline or finding.n)
        for finding in report.on_primary
        if finding.n > 1
    ]
    if not sizes or any(map(_has_collapse, report.on_primary)):
        return []
    n = min(sizes)
    # (1 - rate)^n = .05: the largest rate at which no collapse in n runs is not yet improbable.
    rate = f"{1 - 0.05 ** (1 / n):.0%}"
    text = (
        f"Rare collapses: {n} runs without one are compatible, at 95% confidence, with a collapse"
    )
    return [f"{text} in up to {rate} of runs, which a mean over these runs does not count."]


def _has_collapse(finding: Finding) -> bool:
    """True if a run diverged, or was far worse than the others of its side."""
    worse = "below" if finding.higher_is_better else "above"
    far = f" far {worse} their median" in finding.caution
    return far or finding.diverged + finding.diverged_baseline > 0
