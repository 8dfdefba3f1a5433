"""Claims of the answer: what was found of each variant, and how often each side diverged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from harness.analysis.correction import DIFFERENT
from harness.analysis.losses_text import MEMBERS, comparator, counted, few_runs, shortfall
from harness.analysis.p_values import p_equation
from harness.analysis.statistics import ALPHA
from harness.contracts import Finding, Verdict
from harness.report.values import Report

_MOST_NAMES = 3  # variants of the noise floor that the answer names before it only counts them

_CLAIMS: dict[Verdict, str] = {
    "better": "{names} {are} better than {against}{little}",
    "worse": "{names} {are} worse than {against}{little}",
    "higher": "{names} {have} a higher score than {against}{little}",
    "lower": "{names} {have} a lower score than {against}{little}",
    "equivalent": "{names} {are} equivalent to {against} (within {margin:g})",
    "identical": "{names} {are} identical to {against}",
    "inconclusive": "{names} {are} inconclusive",
    "no_inference": "{names} {have} too few complete pairs for a test",
}
_FEW_SEEDS = "{names} {have} too few complete seeds for a test"
_FEW_RUNS = "{names} {have} too few scored runs for a test"
_FEW_OTHERS = "{against} has too few scored runs for a test of {names}"
_EQUAL = "{names} {have} scores equal to those of {against}"
_LITTLE = ", by less than the margin of {:g}"
_RANKED = ", with diverged runs ranked worst"
_ALARM = ", although only chance differs (a false alarm)"


class _Claim(NamedTuple):
    """The claim of a finding without its names; `little` if the difference is below the margin."""

    basis: str
    text: str
    against: str
    little: bool
    noise_floor: bool


def claims(findings: Sequence[Finding], *, most: int | None = None) -> Iterator[str]:
    """The findings in words, in the order of verdicts; one claim where only the names differ.

    More than `most` names are counted.
    """
    # Of a study that adds seeds, the answer has their largest number only.
    several = len({finding.planned for finding in findings}) > 1
    for verdict in _CLAIMS:
        alike = [finding for finding in findings if finding.verdict == verdict]
        yield from _claims(alike, most=most, several=several)


def _claims(findings: Sequence[Finding], *, most: int | None, several: bool) -> Iterator[str]:
    groups: dict[_Claim, list[Finding]] = {}
    for finding in findings:
        groups.setdefault(_claim(finding, several=several), []).append(finding)
    for claim, group in groups.items():
        names = [finding.variant if claim.against else finding.label for finding in group]
        are, have = ("is", "has") if len(names) == 1 else ("are", "have")
        if claim.noise_floor and len(names) > _MOST_NAMES:
            names = [f"{len(names)} variants that change nothing"]
        elif most is not None and len(names) > most:
            kinds = {MEMBERS[finding.kind] for finding in group}
            names = [f"{len(names)} {listed(sorted(kinds))}"]
        text = claim.text.format(
            names=listed(names),
            are=are,
            have=have,
            against=comparator(claim.against),
            little=_LITTLE.format(group[0].margin) if claim.little else "",
            margin=group[0].margin,
        )
        yield f"{claim.basis}, {text}" if claim.basis else text


def _claim(finding: Finding, *, several: bool) -> _Claim:
    noise_floor, decided = finding.kind == "noise_floor", finding.verdict in DIFFERENT
    text = _text(finding)
    p, deaths = finding.p_equivalent_adjusted, finding.diverged + finding.diverged_baseline
    text += _RANKED if decided and deaths and finding.p_ranks is not None else ""
    return _Claim(
        basis="" if finding.verdict == "no_inference" else _basis(finding, several=several),
        text=text + (_ALARM if noise_floor and decided else ""),
        against=finding.against if "{against}" in text else "",
        little=decided and not deaths and p is not None and p < ALPHA,
        noise_floor=noise_floor,
    )


def _text(finding: Finding) -> str:
    if finding.verdict == "inconclusive" and _all_equal(finding):
        return _EQUAL
    if finding.verdict == "no_inference" and finding.kind == "effect":
        return _FEW_SEEDS
    if finding.verdict == "no_inference" and finding.method == "welch":  # which pairs none
        return _FEW_RUNS if finding.n < 2 else _FEW_OTHERS
    return _CLAIMS[finding.verdict]


def _basis(finding: Finding, *, several: bool) -> str:
    """The pairs that a verdict rests on, where they are fewer than planned, or few at a look."""
    n = finding.n_ranked or finding.n
    lost = shortfall(
        n,
        baseline=finding.n_baseline if finding.method == "welch" else n,
        planned=finding.planned,
        method=finding.method,
        kind=finding.kind,
        of_table=finding.of_table,
    )
    few = few_runs(n, method=finding.method) if several or finding.looks > 1 else ""
    return lost or (f"from {few}" if few else "")


def _all_equal(finding: Finding) -> bool:
    """True if both sides have the same score in every pair, and no run counts that has no pair."""
    pairs = finding.per_seed
    if finding.method == "welch" and finding.interval_low is None and finding.reached is None:
        return finding.difference == 0  # neither side has a spread
    counted = max(finding.n, finding.n_baseline, finding.n_ranked)
    return len(pairs) == counted > 0 and all(pair.variant == pair.baseline for pair in pairs)


def divergences(findings: Sequence[Finding]) -> Iterator[str]:
    """How often each variant and its comparator diverged, a claim for each that did."""
    compared = [finding for finding in findings if finding.kind != "effect"]
    if len({finding.against for finding in compared}) > 1:
        yield from _rates(compared)
        return
    diverged = [finding for finding in compared if finding.diverged]
    for finding in diverged:
        rate = _rate(finding.variant, count=finding.diverged, of=finding.ended)
        theirs = f"{finding.diverged_baseline} of {finding.ended_baseline}"
        yield f"{rate}, {comparator(finding.against)} in {theirs}{_tested(finding)}"
    if not diverged:
        yield from _rates(compared)
    yield from _uncorrected([finding for finding in diverged if _tested(finding)])


def dead_cells(report: Report) -> Iterator[str]:
    """How often each cell of a factorial study diverged, of which effects name none."""
    if not any(finding.kind == "effect" for finding in report.on_primary):
        return
    compared = [finding for finding in report.on_primary if finding.kind != "effect"]
    told = {name for finding in compared for name in (finding.variant, finding.against)}
    ended = Counter(run.variant for run in report.results if run.variant not in told)
    died = Counter(run.variant for run in report.results if run.outcome == "diverged")
    yield from (_rate(name, count=died[name], of=ended[name]) for name in ended if died[name])


def _tested(finding: Finding) -> str:
    """The p of the test that both sides diverge equally often, if they were compared."""
    p, fisher = finding.p_diverged, finding.method == "welch"
    if p is None or finding.planned == 1 or not (fisher or finding.ended_pairs):  # of one, p is 1
        return ""
    partial = finding.ended_pairs < finding.planned
    over = f" over {counted(finding.ended_pairs, noun='pair')}" if partial else ""
    return f" (Fisher {p_equation(p)})" if fisher else f" (McNemar {p_equation(p)}{over})"


def _uncorrected(tested: Sequence[Finding]) -> Iterator[str]:
    """A clause that these p are not corrected, as those of verdicts beside them are."""
    members = {MEMBERS[finding.kind]: None for finding in tested if finding.family > 1}
    if members:
        test = "Fisher" if tested[0].method == "welch" else "McNemar"
        yield f"p by {test} is not corrected for the number of {listed([*members])}"


def _rates(findings: Sequence[Finding]) -> Iterator[str]:
    """How often each side diverged, a claim for each that did."""
    rates = {
        name: _rate(name, count=count, of=runs)
        for finding in findings
        for name, count, runs in (
            (finding.against, finding.diverged_baseline, finding.ended_baseline),
            (finding.variant, finding.diverged, finding.ended),
        )
        if count
    }
    yield from rates.values()


def _rate(name: str, *, count: int, of: int) -> str:
    return f"{comparator(name)} diverged in {count} of {counted(of, noun='run')}"


def listed(names: Sequence[str]) -> str:
    """Names as prose: ``a``, ``a and b``, ``a, b and c``."""
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last
