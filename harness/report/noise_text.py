"""Sentences on noise for which the stated rates of false verdicts do not hold."""

from __future__ import annotations

from harness.report.values import Report

_NOT_ASSURED = (
    "the bound of 5% on false verdicts holds for symmetric noise only; `compare: {method:"
    " sign_test}` in another study, on other seeds, asks about the median and holds for any"
)


def noise_sentences(report: Report) -> str:
    """The outlying runs and unequal spreads on the primary metric; empty if there are none."""
    found = [finding for finding in report.on_primary if finding.caution]
    # Findings against one baseline share what is said of it.
    clauses = dict.fromkeys(clause for finding in found for clause in finding.caution.split("; "))
    if not clauses:
        return ""
    by_mean = any(finding.method != "sign_test" for finding in found)
    return f"Caution: {'; '.join([*clauses, *([_NOT_ASSURED] if by_mean else [])])}."


def rare_collapse_note(report: Report) -> list[str]:
    """The rate of collapses that so many runs without one leave possible, at 95% confidence."""
    sizes = [finding.n for finding in report.on_primary if finding.n > 1]
    if not sizes:
        return []
    n = min(sizes)
    # (1 - rate)^n = .05: the largest rate at which no collapse in n runs is not yet improbable.
    rate = f"{1 - 0.05 ** (1 / n):.0%}"
    text = f"Rare collapses: {n} runs without one are compatible with a collapse in up to {rate} of"
    return [f"{text} runs, which a mean over these seeds does not count."]
