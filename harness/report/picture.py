"""The verdicts as one picture: a row for each finding, with its interval on a common axis."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Sequence
from statistics import median
from typing import NamedTuple

from harness.contracts import Finding, short_names
from harness.report.numbers import (
    bound_of_difference,
    common_places,
    decimal_places,
    difference_header,
    level_text,
    number_text,
    p_header,
)
from harness.report.tables import comparator_mean, numbers, verdict_text
from harness.report.values import Report
from harness.study.values import BASELINE

_LONGEST = 48  # characters of a name
_PAD = 0.06  # of the axis, left free at each end
_REACH = 1.5  # times the range of differences, from where on an interval is cut
_TICKS = 5
_STEPS = (1, 2, 5, 10)


class Span(NamedTuple):
    """A part of the axis, in percent of its width."""

    start: str
    end: str
    width: str


class Dot(NamedTuple):
    """A mark on the axis, and what it stands for."""

    place: str
    text: str


class Row(NamedTuple):
    """One finding: `told` has all of it in words, `line` is its interval, `cut` at either end.

    `note` counts what a verdict rests on, where that differs between rows or is less than planned.
    """

    name: str
    short: str
    verdict: str
    note: str
    baseline: str
    variant: str
    difference: str
    p: str
    told: str
    place: str
    line: Span | None
    cut: Sequence[str]
    margin: Span | None
    dots: Sequence[Dot]


class VerdictPicture(NamedTuple):
    """The rows, the axis that they share with its `zero`, and what lies on either side of it."""

    rows: Sequence[Row]
    zero: str
    ticks: Sequence[Dot]
    sides: tuple[str, str]
    headers: dict[str, str]
    told: str
    legend: str


class _Axis(NamedTuple):
    low: float
    high: float

    def at(self, value: float) -> str:
        return f"{100 * self._share(value):.2f}%"

    def span(self, start: float, *, end: float) -> Span:
        first, last = self._share(start), self._share(end)
        return Span(f"{100 * first:.2f}%", f"{100 * last:.2f}%", f"{100 * (last - first):.2f}%")

    def has(self, value: float) -> bool:
        return self.low <= value <= self.high

    def _share(self, value: float) -> float:
        return min(1.0, max(0.0, (value - self.low) / (self.high - self.low)))


def picture(report: Report) -> VerdictPicture:
    """The findings on the primary metric, the largest gain first."""
    findings = report.by_effect
    axis = _axis(findings)
    names = short_names([finding.label for finding in findings], most=_LONGEST)
    rows = zip(findings, common_places(findings), _notes(findings), strict=True)
    higher = report.primary.higher_is_better
    effects = all(finding.kind == "effect" for finding in findings)
    words = ("lower", "higher") if higher is None else ("worse", "better")
    return VerdictPicture(
        rows=[
            _row(finding, short=names[finding.label], note=note, places=places, axis=axis)
            for finding, places, note in rows
        ],
        zero=axis.at(0.0),
        ticks=[*_ticks(axis)],
        sides=(words[1], words[0]) if higher is False else words,
        headers={
            "name": "effect" if effects else "variant",
            "means": "without → with" if effects else f"{comparator_mean(report)} → variant",
            "difference": difference_header(findings),
            "p": p_header(findings),
        },
        told=f"Axis of the difference in {report.primary.name}, from "
        f"{_tick_text(axis.low)} to {_tick_text(axis.high)}",
        legend=_legend(report),
    )


def _legend(report: Report) -> str:
    """The meaning of what is drawn, as far as there is any."""
    findings = report.on_primary
    drawn = {
        "mark: the difference": any(finding.difference is not None for finding in findings),
        f"line: its {level_text(findings)} interval": any(
            finding.interval_low is not None for finding in findings
        ),
        "dots: seeds": any(_is_paired(finding) and finding.per_seed for finding in findings),
        "shaded: within the margin": any(finding.margin for finding in findings),
    }
    parts = [text for text, shown in drawn.items() if shown]
    return f"{'; '.join(parts).capitalize()}." if parts else ""


def _row(finding: Finding, *, short: str, note: str, places: int, axis: _Axis) -> Row:
    baseline, variant, difference, p = numbers(finding, places=places)
    low, high, center = _line(finding)
    ends = [] if low is None or high is None else [("start", low), ("end", high)]
    return Row(
        name=finding.label,
        short=short,
        verdict=finding.verdict,
        note=note,
        baseline=baseline,
        variant=variant,
        difference=difference,
        p=p,
        told=f"{finding.label}, {verdict_text(finding.verdict)}: {difference}; {finding.reason}",
        place="" if center is None else axis.at(center),
        line=None if low is None or high is None else axis.span(low, end=high),
        cut=[end for end, bound in ends if not axis.has(bound)],
        margin=axis.span(-finding.margin, end=finding.margin) if finding.margin else None,
        dots=[*_dots(finding, axis=axis)],
    )


def _line(finding: Finding) -> tuple[float | None, float | None, float | None]:
    """The bounds and the center to draw; of costs that are bounds on both sides there are none."""
    if bound_of_difference(finding) is None:
        return None, None, None
    return finding.interval_low, finding.interval_high, finding.difference


def _dots(finding: Finding, *, axis: _Axis) -> Iterator[Dot]:
    """The differences of single seeds; by Welch's method there are none."""
    if not _is_paired(finding):
        return
    for pair in finding.per_seed:
        difference = pair.variant - pair.baseline
        if axis.has(difference):
            text = number_text(difference, places=decimal_places(finding), sign="+")
            yield Dot(axis.at(difference), f"{finding.label}, seed {pair.seed}: {text}")


def _is_paired(finding: Finding) -> bool:
    """True if single seeds have differences, of which the finding's is a mean or median."""
    paired = finding.method != "welch" and finding.kind != "effect"
    return paired and bound_of_difference(finding) == ""


def _notes(findings: Sequence[Finding]) -> Iterator[str]:
    """The pairs that each verdict rests on, if not the same for all, and the runs that died."""
    sizes = [_size(finding) for finding in findings]
    alike = len(set(sizes)) < 2 and all(finding.n >= finding.planned for finding in findings)
    for finding, size in zip(findings, sizes, strict=True):
        parts = [] if alike else [size]
        if finding.diverged:
            parts.append(f"{finding.diverged} of {finding.ended} diverged")
        if finding.diverged_baseline and finding.against != BASELINE:
            theirs = f"{finding.diverged_baseline} of {finding.ended_baseline}"
            parts.append(f"{theirs} of {finding.against}")
        yield "; ".join(parts)


def _size(finding: Finding) -> str:
    if finding.method == "welch":
        return f"{finding.n_baseline} and {finding.n} runs"
    if finding.n_ranked:
        return f"{finding.n} finished, {finding.n_ranked} ranked pairs"
    planned = f" of {finding.planned}" if finding.n < finding.planned else ""
    return f"{finding.n}{planned} pair{'' if finding.n == 1 and not planned else 's'}"


def _axis(findings: Sequence[Finding]) -> _Axis:
    """A range with zero, all differences and margins; intervals only as far as they are legible."""
    lines = [_line(finding) for finding in findings]
    margins = [finding.margin for finding in findings if finding.margin]
    known = [0.0, *(center for _, _, center in lines if center is not None)]
    known += [sign * margin for margin in margins for sign in (-1, 1)]
    low, high = min(known), max(known)
    widths = [end - start for start, end, _ in lines if start is not None and end is not None]
    reach = max(_REACH * (high - low), median(widths or [0.0]))
    bounds = [bound for line in lines for bound in line[:2] if bound is not None]
    low = min(low, max(min(bounds, default=low), low - reach))
    high = max(high, min(max(bounds, default=high), high + reach))
    if not sys.float_info.min < high - low < math.inf:  # nothing differs, or nothing is known
        return _Axis(-1.0, 1.0)
    pad = _PAD * (high - low)
    return _Axis(low - pad, high + pad)


def _ticks(axis: _Axis) -> Iterator[Dot]:
    """Round numbers on the axis, some five, zero among them."""
    rough = (axis.high - axis.low) / _TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in _STEPS if power * factor >= rough)
    for number in range(math.ceil(axis.low / step), math.floor(axis.high / step) + 1):
        yield Dot(axis.at(number * step), _tick_text(number * step))


def _tick_text(value: float) -> str:
    return f"{value:+.3g}" if value else "0"
