"""The cells of the supporting statistics: one number of a finding each, as text."""

from __future__ import annotations

from harness.analysis import p_text
from harness.contracts import Finding
from harness.report.numbers import NOT_AVAILABLE, decimal_places, is_censored, number_text
from harness.report.values import Report

_QUARTERED = 4  # from so many runs on, an interquartile mean leaves some out


def p_cell(p: float | None) -> str:
    """A p value, or ``n/a``."""
    return NOT_AVAILABLE if p is None else p_text(p)


def sign_flip_cell(finding: Finding) -> str:
    """The sign-flip test's p with the least that it can be."""
    p = p_cell(finding.p_sign_flip)
    return p if finding.p_sign_flip is None else f"{p} (min {p_cell(finding.p_floor)})"


def improvement_cell(finding: Finding) -> str:
    """The probability of improvement with its interval."""
    if finding.improvement is None:
        return NOT_AVAILABLE
    bounds = (finding.improvement, finding.improvement_low, finding.improvement_high)
    share, low, high = (number_text(value, places=2) for value in bounds)
    return f"{share} ({low} to {high})"


def interquartile_header(report: Report) -> str:
    """The column's name; runs that diverged have no score to average, and no pair."""
    dead = any(
        finding.diverged + finding.diverged_baseline
        for finding in report.on_primary
        if finding.reached is None  # a run that died has a cost
    )
    return f"interquartile means{_of_scored(report) if dead else ''}"


def improvement_header(report: Report) -> str:
    """The column's name; runs that diverged win and lose nothing, unless they rank worst."""
    left_out = any(
        finding.diverged + finding.diverged_baseline and not finding.n_ranked
        for finding in report.on_primary
        if finding.improvement is not None and finding.reached is None
    )
    return f"improvement{_of_scored(report) if left_out else ''}"


def interquartile_cell(finding: Finding) -> str:
    """Both sides' interquartile means, if they leave out a run."""
    if finding.baseline_iqm is None or finding.n < _QUARTERED or is_censored(finding):
        return NOT_AVAILABLE
    places = decimal_places(finding)
    values = (finding.baseline_iqm, finding.variant_iqm)
    return " and ".join(number_text(value, places=places) for value in values)


def detectable_cell(finding: Finding) -> str:
    """The difference that this many runs would detect."""
    return number_text(finding.detectable, places=decimal_places(finding))


def diverged_cell(finding: Finding) -> str:
    """The runs of either side that diverged, of those that ended, and their p."""
    if finding.p_diverged is None:
        return NOT_AVAILABLE
    own = f"{finding.diverged} of {finding.ended}"
    p = (
        p_cell(finding.p_diverged)
        if finding.ended_pairs or finding.method == "welch"
        else NOT_AVAILABLE
    )
    return f"{own} against {finding.diverged_baseline} of {finding.ended_baseline}, {p}"


def _of_scored(report: Report) -> str:
    """The runs that count where some diverged: those in pairs, unless nothing is paired."""
    unpaired = any(finding.method == "welch" for finding in report.on_primary)
    return ", of finished runs" if unpaired else ", of complete pairs"
