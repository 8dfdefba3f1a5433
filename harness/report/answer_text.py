"""The answer of a study in one sentence, and notes on how to read its tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness.analysis import MEANINGFUL, ScoredMetric, runs_for_improvement
from harness.contracts import Finding, Verdict
from harness.report.noise_text import noise_sentences, rare_collapse_note
from harness.report.values import Pretraining, Report
from harness.study.values import BASELINE

_MOST_NAMES = 3  # variants of the noise floor that the answer names before it only counts them

# In the order in which the answer lists them.
_CLAIMS: dict[Verdict, str] = {
    "better": "{names} {are} better than {against}",
    "worse": "{names} {are} worse than {against}",
    "equivalent": "{names} {are} equivalent to {against} (within {margin:g})",
    "identical": "{names} {are} identical to {against}",
    "inconclusive": "{names} {are} inconclusive",
    "no_inference": "{names} {have} too few complete pairs of runs for a test",
}
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
    "The sign-flip and max-T tests hold for symmetric noise of any shape; max-T is corrected for"
    " the number of variants. Neither can go below the smallest p that is attainable with this"
    " number of seeds. Correlation: of variant and baseline over seeds; the higher it is, the more"
    " pairing gains."
)
_IMPROVEMENT = (
    "Improvement: the probability that a run of the variant beats one of the other side, whatever"
    " their seeds, with its 95% interval. {:g} is proposed as the least that matters, for an"
    " interval above .5 (Bouthillier et al. 2021), and {} runs of each tell it from .5 with error"
    " rates of 5% (Noether). Interquartile means leave out a quarter of the runs at each end."
)
_DIVERGED = (
    "Diverged: the number of seeds, with the exact p for the baseline diverging equally often."
)
_INTERVALS = (
    "95% intervals of the difference: for new seeds on these sentences, for these runs on new"
    " sentences, and for new seeds on new sentences. The paired bootstrap over sentences concerns"
    " only the two models of the first seed."
)


def answer(report: Report) -> str:
    """The findings on the primary metric in one sentence, and one on mixed pairs if there are."""
    if not report.on_primary:
        return "The study has no variants, so there is nothing to compare."
    claims = [
        claim
        for verdict in _CLAIMS
        for claim in _claims(
            [finding for finding in report.on_primary if finding.verdict == verdict]
        )
    ]
    claims += [
        f"{finding.variant} diverged in {finding.diverged} of {finding.planned} runs"
        for finding in report.on_primary
        if finding.diverged and finding.kind in ("variant", "noise_floor")
    ]
    seeds = f"{len(report.seeds)} {'seed' if len(report.seeds) == 1 else 'seeds'}"
    seeds = f"at most {seeds}" if report.design.looks else seeds
    if any(finding.method == "sign_test" for finding in report.on_primary):
        seeds += ", by the median difference"
    primary = report.primary
    found = f"By {primary.name} on the {primary.split} split, over {seeds}: {'; '.join(claims)}."
    return " ".join(filter(None, [found, report.mixed, noise_sentences(report)]))


def method_note(report: Report, *, correction: str) -> str:
    """The computation behind the table of verdicts; `correction` is that of its p values."""
    if any(finding.method == "welch" for finding in report.on_primary):
        return (
            "A difference is the variant's mean minus the baseline's, over all runs with a score;"
            " nothing is paired. Its interval is not corrected for the number of variants."
            f" p is from Welch's t test{correction}."
        )
    if any(finding.method == "sign_test" for finding in report.on_primary):
        return (
            "A difference is the median, over the seeds that both finished, of variant minus"
            " baseline on the same seed; its interval is not corrected for the number of variants."
            f" p is from the exact sign test{correction}, for noise of any shape."
        )
    return (
        "A difference is variant minus baseline on the same seed, averaged over the seeds that both"
        " finished; its interval is not corrected for the number of variants."
        f" p is from a paired t test{correction}."
    )


def intervals_note(report: Report) -> str:
    """The meaning of the intervals over seeds and over sentences."""
    documents = max((finding.documents for finding in report.on_primary), default=0)
    if not documents:
        return f"{_INTERVALS} Sentences count as independent of each other."
    return (
        f"{_INTERVALS} New sentences are those of new documents: the sentences of each of the"
        f" {documents} documents count together."
    )


def supporting_note(report: Report) -> str:
    """The meaning of the columns of the supporting statistics."""
    margins = {finding.margin for finding in report.on_primary if finding.margin}
    notes = [_DETECTABLE, *(_EQUIVALENCE.format(margin) for margin in margins)]
    if any(finding.improvement is not None for finding in report.on_primary):
        notes.append(_IMPROVEMENT.format(MEANINGFUL, runs_for_improvement()))
    if any(finding.p_sign_flip is not None for finding in report.on_primary):
        notes.append(_SIGN_FLIPS)
    if any(finding.p_diverged is not None for finding in report.on_primary):
        notes.append(_DIVERGED)
    notes += rare_collapse_note(report)
    return " ".join(notes)


def _claims(findings: Sequence[Finding]) -> Iterator[str]:
    """One claim per comparator for findings with the same verdict."""
    groups: dict[tuple[str, bool], list[Finding]] = {}
    for finding in findings:
        undecided = finding.verdict in ("inconclusive", "no_inference")
        against = "" if undecided else finding.against
        groups.setdefault((against, finding.kind == "noise_floor"), []).append(finding)
    for (against, noise_floor), group in groups.items():
        names = [finding.variant if against else finding.label for finding in group]
        are, have = ("is", "has") if len(names) == 1 else ("are", "have")
        if noise_floor and len(names) > _MOST_NAMES:
            names = [f"{len(names)} variants that change nothing"]
        verdict = group[0].verdict
        alarm = noise_floor and verdict in ("better", "worse")
        claim = _CLAIMS[verdict] + (_ALARM if alarm else "")
        yield claim.format(
            names=listed(names),
            are=are,
            have=have,
            against="the baseline" if against == BASELINE else against,
            margin=group[0].margin,
        )


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


def direction(metric: ScoredMetric) -> str:
    """The direction of a metric: ``higher is better`` or ``lower is better``."""
    return f"{'higher' if metric.higher_is_better else 'lower'} is better"


def listed(names: Sequence[str]) -> str:
    """Names as prose: ``a``, ``a and b``, ``a, b and c``."""
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last
