"""The answer of a study in one sentence, and notes on how to read its tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from harness.analysis import ScoredMetric
from harness.analysis.p_values import p_equation
from harness.analysis.statistics import ALPHA
from harness.analysis.verdict_text import few_seeds, shortfall
from harness.contracts import Finding, Verdict
from harness.report.numbers import level_text
from harness.report.values import Pretraining, Report
from harness.study.values import BASELINE

_MOST_NAMES = 3  # variants of the noise floor that the answer names before it only counts them

_CLAIMS: dict[Verdict, str] = {
    "better": "{names} {are} better than {against}{little}",
    "worse": "{names} {are} worse than {against}{little}",
    "equivalent": "{names} {are} equivalent to {against} (within {margin:g})",
    "identical": "{names} {are} identical to {against}",
    "inconclusive": "{names} {are} inconclusive",
    "no_inference": "{names} {have} too few complete pairs of runs for a test",
}
_EQUAL = "{names} {have} scores equal to those of {against}"
_LITTLE = ", by less than matters (within {:g})"
_RANKED = ", with diverged runs ranked worst"
_ALARM = ", although only chance differs (a false alarm)"

_DETECTABLE = (
    "Detectable: the smallest true difference that this many runs, as noisy as these, would detect"
    " with 80% power. Effect size: the difference in standard deviations, corrected for small"
    " samples (Hedges)."
)
_EQUIVALENCE = (
    "Equivalence: two one-sided tests that the absolute difference is less than {:g}, corrected as"
    " p is."
)
_SIGN_FLIPS = (
    "The sign-flip and max-T tests assume only that the noise is symmetric; max-T is corrected for"
    " the number of variants. Neither can go below the smallest p that is attainable with this"
    " number of seeds. Correlation: of variant and baseline over seeds; the higher it is, the more"
    " pairing gains; in parentheses, its 95% interval (Fisher's z)."
)
_DIVERGED = (
    "Diverged: the number of seeds, of the variant and of the baseline, with the exact p of the"
    " test that both diverge equally often."
)
_INTERVALS = (
    "Intervals of the difference: for new seeds on these sentences ({level}), for these runs on new"
    " sentences (95%), and for new seeds on new sentences (both half-widths combined). The paired"
    " bootstrap over sentences concerns only the two models of the first seed."
)


class _Claim(NamedTuple):
    """The claim of a finding without its names; `little` if the difference is below the margin."""

    basis: str
    text: str
    against: str
    little: bool
    noise_floor: bool


def answer(report: Report) -> str:
    """The findings on the primary metric, in one sentence."""
    if not report.on_primary:
        return "The study has no variants, so there is nothing to compare."
    claims = [
        claim
        for verdict in _CLAIMS
        for claim in _claims(
            [finding for finding in report.on_primary if finding.verdict == verdict]
        )
    ]
    claims += divergences(report.on_primary)
    seeds = few_seeds(len(report.seeds)) or f"{len(report.seeds)} seeds"
    seeds = f"at most {len(report.seeds)} seeds" if report.design.looks else seeds
    primary = report.primary
    taken = f" (taken as {direction(primary)})" if primary.presumed else ""
    metric = f"{primary.name}{taken}{on_split(primary)}"
    return f"By {metric}, over {seeds}: {'; '.join(claims)}."


def method_note(report: Report, *, correction: str) -> str:
    """The computation behind the table of verdicts; `correction` is that of its p values."""
    if any(finding.p_ranks is not None for finding in report.on_primary):
        return (
            "A difference is variant minus baseline on the same seed, averaged over the seeds that"
            " both finished; its interval is not corrected for the number of variants. p is from a"
            " signed-rank test over all seeds, in which a run that diverged ranks worst"
            f"{correction}."
        )
    if any(finding.method == "welch" for finding in report.on_primary):
        return (
            "A difference is the variant's mean minus the baseline's, over all runs with a score;"
            " nothing is paired. Its interval is not corrected for the number of variants."
            f" p is from Welch's t test{correction}."
        )
    return (
        "A difference is variant minus baseline on the same seed, averaged over the seeds that both"
        " finished; its interval is not corrected for the number of variants."
        f" p is from a paired t test{correction}."
    )


def supporting_note(report: Report) -> str:
    """The meaning of the columns of the supporting statistics."""
    margins = {finding.margin for finding in report.on_primary if finding.margin}
    notes = [_DETECTABLE, *(_EQUIVALENCE.format(margin) for margin in margins)]
    if any(finding.p_sign_flip is not None for finding in report.on_primary):
        notes.append(_SIGN_FLIPS)
    if any(finding.p_diverged is not None for finding in report.on_primary):
        notes.append(_DIVERGED)
    return " ".join(notes)


def _claims(findings: Sequence[Finding]) -> Iterator[str]:
    """One claim for findings with the same verdict that differ in their names only."""
    groups: dict[_Claim, list[Finding]] = {}
    for finding in findings:
        groups.setdefault(_claim(finding), []).append(finding)
    for claim, group in groups.items():
        names = [finding.variant if claim.against else finding.label for finding in group]
        are, have = ("is", "has") if len(names) == 1 else ("are", "have")
        if claim.noise_floor and len(names) > _MOST_NAMES:
            names = [f"{len(names)} variants that change nothing"]
        text = claim.text.format(
            names=listed(names),
            are=are,
            have=have,
            against="the baseline" if claim.against == BASELINE else claim.against,
            little=_LITTLE.format(group[0].margin) if claim.little else "",
            margin=group[0].margin,
        )
        yield f"{claim.basis}, {text}" if claim.basis else text


def _claim(finding: Finding) -> _Claim:
    noise_floor, decided = finding.kind == "noise_floor", finding.verdict in ("better", "worse")
    equal = finding.verdict == "inconclusive" and all_equal(finding)
    text = _EQUAL if equal else _CLAIMS[finding.verdict]
    text += _RANKED if decided and finding.p_ranks is not None else ""
    p = finding.p_equivalent_adjusted
    return _Claim(
        basis="" if finding.verdict == "no_inference" else _basis(finding),
        text=text + (_ALARM if noise_floor and decided else ""),
        against=finding.against if "{against}" in text else "",
        little=decided and p is not None and p < ALPHA,
        noise_floor=noise_floor,
    )


def _basis(finding: Finding) -> str:
    """The pairs that a verdict rests on, where they are fewer than planned, or few at a look."""
    n = finding.n_ranked or finding.n
    lost = shortfall(
        n,
        baseline=finding.n_baseline,
        planned=finding.planned,
        method=finding.method,
        kind=finding.kind,
    )
    few = few_seeds(n) if finding.looks > 1 else ""
    return lost or (f"from {few}" if few else "")


def all_equal(finding: Finding) -> bool:
    """True if both sides have the same score in every pair."""
    pairs = finding.per_seed
    return bool(pairs) and all(pair.variant == pair.baseline for pair in pairs)


def divergences(findings: Sequence[Finding]) -> Iterator[str]:
    """How often each variant and the baseline diverged, a claim for each that did."""
    compared = [finding for finding in findings if finding.kind in ("variant", "noise_floor")]
    diverged = [finding for finding in compared if finding.diverged]
    for finding in diverged:
        rates = f"{_rate(finding.variant, count=finding.diverged, of=finding)}, the baseline in"
        test = "Fisher" if finding.method == "welch" else "McNemar"
        tested = (
            f" ({test} {p_equation(finding.p_diverged)})" if finding.p_diverged is not None else ""
        )
        yield f"{rates} {finding.diverged_baseline}{tested}"
    baselines = [finding for finding in compared if finding.diverged_baseline]
    if baselines and not diverged:
        yield _rate(BASELINE, count=baselines[0].diverged_baseline, of=baselines[0])
    sides = {
        name: _rate(name, count=count, of=finding)
        for finding in findings
        if finding.kind == "pair"
        for name, count in (
            (finding.against, finding.diverged_baseline),
            (finding.variant, finding.diverged),
        )
        if count
    }
    yield from sides.values()


def _rate(name: str, *, count: int, of: Finding) -> str:
    subject = "the baseline" if name == BASELINE else name
    return f"{subject} diverged in {count} of {of.planned} runs"


def on_split(metric: ScoredMetric, *, mark: str = "") -> str:
    """The split that was scored, to follow a metric's name; empty if it is not known."""
    return f"{mark} on the {metric.split} split" if metric.split else ""


def pretraining_sentence(pretraining: Pretraining) -> str:
    """A model that was trained before the variants, and the variants that use it."""
    uses = []
    if names := pretraining.initialized:
        uses.append(f"{listed(names)} {'starts' if len(names) == 1 else 'start'} from it")
    if names := pretraining.referenced:
        uses.append(f"{listed(names)} {'uses' if len(names) == 1 else 'use'} it in an option")
    return (
        f"{pretraining.name} was trained first, once per seed, for {pretraining.updates} updates: "
        f"{'; '.join(uses)}."
    )


def intervals_note(report: Report) -> str:
    """The meaning of the intervals over seeds and over sentences, and their level."""
    return _INTERVALS.format(level=level_text(max(1, len(report.design.looks))))


def direction(metric: ScoredMetric) -> str:
    """The direction of a metric: ``higher is better`` or ``lower is better``."""
    return f"{'higher' if metric.higher_is_better else 'lower'} is better"


def listed(names: Sequence[str]) -> str:
    """Names as prose: ``a``, ``a and b``, ``a, b and c``."""
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last
