"""The answer of a study in one sentence, and notes on how to read its tables."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from harness.analysis import MEANINGFUL, ScoredMetric, ToTarget, runs_for_improvement
from harness.analysis.losses_text import MEMBERS, comparator, counted, few_runs
from harness.contracts.results import DIRECTIONS
from harness.report.cost_text import cost_sentences, metric_text, reached_claims, target_note
from harness.report.noise_text import noise_sentences, rare_collapse_note
from harness.report.numbers import is_censored, level_text, p_is_of_sign_flips
from harness.report.supporting_cells import improvement_header, interquartile_header
from harness.report.tables import comparator_header, supporting_statistics
from harness.report.tuning_text import tuning_limit
from harness.report.values import Pretraining, Report
from harness.report.verdict_claims import claims, dead_cells, divergences, listed

_FEW = 3  # runs of a side up to which an answer says "only"
_DETECTABLE = (
    "Detectable: the smallest true difference that this many runs, as noisy as these, would detect"
    " with 80% power."
)
_EFFECT_SIZE = (
    "Effect size: the difference in standard deviations, corrected for small samples (Hedges)."
)
_EQUIVALENCE = (
    "Equivalence: two one-sided {}s{} that the absolute difference is less than {:g}, corrected"
    " as p is."
)
_SIGN_FLIPS = (
    "The sign-flip test holds for independent, symmetric noise of any shape{uncorrected}. Its p"
    " cannot go below the smallest that is attainable with this number of seeds."
)
_MAX_T = (
    "The sign-flip and max-T tests hold for independent, symmetric noise of any shape; {}. Neither"
    " can go below the smallest p that is attainable with this number of seeds."
)
_CORRELATION = "Correlation: of both sides over seeds; the higher it is, the more pairing gains{}."
_CORRELATED = "; in parentheses, its 95% interval (Fisher's z)"
_IMPROVEMENT = (
    "Improvement: the probability that a run of the variant beats one of the other side, whatever"
    " their seeds, with its 95% interval. {:g} is proposed as the least that matters, for an"
    " interval above .5 (Bouthillier et al. 2021), and {} runs of each tell it from .5 with error"
    " rates of 5% (Noether)."
)
_INTERQUARTILE = "Interquartile means leave out a quarter of the runs at each end."
_DIVERGED = (
    "Diverged: of the runs of the variant and of the baseline that have ended, with the exact p of"
    " the test that both diverge equally often ({}), not corrected for the number of comparisons."
)
_MCNEMAR = "McNemar's, over seeds on which both runs finished or diverged"
_FISHER = "Fisher's, over runs that finished or diverged"
_RANKED = (
    "Runs that diverged lose in the probability of improvement; all else but their own count is of"
    " the pairs that both finished."
)
_FINISHED = "All these numbers are of the seeds that both sides finished."
_INTERVALS = (
    "Intervals of the difference: for new seeds on these sentences ({level}), for these runs on new"
    " sentences (95%), and for new seeds on new sentences (both half-widths combined)."
)
_BOOTSTRAP = (
    "The paired bootstrap over sentences concerns only the two models of the first seed, and its p"
    " is not corrected."
)


def answer(report: Report) -> str:
    """That nothing was learned, or the findings on the primary metric and what limits them."""
    return " ".join(answer_parts(report))


def answer_parts(report: Report, *, most: int | None = None) -> list[str]:
    """The sentences of the answer, one to a paragraph where there is room.

    Above a table of the variants, more than `most` of one verdict are counted and not named, and
    how runs ended is a sentence of its own.
    """
    first = [report.unlearned] if report.unlearned else []
    return [*first, *_found(report, most=most), *report.deviations]


def _found(report: Report, *, most: int | None) -> list[str]:
    """The findings on the primary metric in one sentence, then their cost, and mixed pairs."""
    if not report.on_primary:
        return ["The study has no variants, so there is nothing to compare."]
    found = [*claims(report.on_primary, most=most)]
    ends = [*divergences(report.on_primary), *dead_cells(report), *reached_claims(report)]
    if most is None:
        found, ends = [*found, *ends], []
    seeds = _seeds_text(report)
    primary = report.primary
    directed = primary.higher_is_better is not None
    read = f"taken as {direction(primary)}" if directed else "taken to have no better direction"
    taken = f" ({read})" if primary.presumed else ""
    metric = f"{metric_text(primary)}{taken}{on_split(primary)}"
    answered = f"{tuning_limit(report.tuning)}By {metric}, over {seeds}: {'; '.join(found)}."
    ended = f"{'; '.join(ends)}." if ends else ""
    sentences = [answered, ended, *cost_sentences(report), report.mixed, noise_sentences(report)]
    return [*filter(None, sentences)]


def _seeds_text(report: Report) -> str:
    """The number of seeds; the number of runs on either side where a table pairs none."""
    first = report.on_primary[0]
    if report.design.of_table and first.method == "welch":
        return _sizes_text(report)
    n = len(report.seeds)
    noun = "runs per side" if first.method == "welch" else "seeds"
    few = few_runs(n, method=first.method)
    seeds = f"at most {n} {noun}" if report.design.looks else few or f"{n} {noun}"
    return f"{seeds}, by the median difference" if first.method == "sign_test" else seeds


def _sizes_text(report: Report) -> str:
    """The number of runs with a score of either side, in a table that pairs none."""
    first, *others = report.on_primary
    if not others and first.n == first.n_baseline:
        return few_runs(first.n, method="welch") or f"{first.n} runs per side"
    sizes = {finding.variant: finding.n for finding in report.on_primary}
    against = {finding.against: finding.n_baseline for finding in report.on_primary}
    if len(against) > 1:
        return f"{_span((sizes | against).values())} scored runs of each variant"
    ((name, n),) = against.items()
    each = "the variant" if not others else "each variant"
    runs = f"{counted(n, noun='scored run')} of {comparator(name)}"
    return f"{runs} and {_span(sizes.values())} of {each}"


def _span(sizes: Iterable[int]) -> str:
    low, *_, high = sorted([*sizes] * 2)
    only = "only " if low <= _FEW else ""
    return f"{only}{low}" if low == high else f"{only}{low} to {high}"


def method_note(report: Report, *, correction: str) -> str:
    """The computation behind the table of verdicts; `correction` is that of its p values."""
    number, other = _number_of_comparisons(report), comparator_header(report)
    limit = f"; its interval is not corrected for {number}" if number else ""
    if any(finding.method == "welch" for finding in report.on_primary):
        return (
            f"A difference is the variant's mean minus the {other}'s, over all runs with a score;"
            f" nothing is paired{limit}."
            f" p is from Welch's t test{correction}.{target_note(report)}"
        )
    if any(finding.method == "sign_test" for finding in report.on_primary):
        return (
            "A difference is the median, over the seeds that both finished, of variant minus"
            f" {other} on the same seed{limit}."
            f" p is from the exact sign test{correction}, for independent noise of any shape; seeds"
            " with equal scores count against a difference in either direction. The columns of"
            " either side are means."
        )
    of = f"variant minus {other} on the same seed, averaged over the seeds that both finished"
    if isinstance(report.primary.rule, ToTarget):  # which a run that diverged has too
        of = of.replace("that both finished", "on which both finished or diverged")
    if any(finding.kind == "effect" for finding in report.on_primary):
        of = (
            "the score of an effect's cells minus that to be expected without it on the same seed,"
            " averaged over the seeds that all of them finished"
        )
    if any(finding.p_ranks is not None for finding in report.on_primary):
        return (
            f"A difference is {of}{limit}. p is from a signed-rank test over the seeds on which"
            " both finished or diverged, in which a run that diverged ranks worst"
            f"{correction}."
        )
    return (
        f"A difference is {of}{limit}."
        f" p is from {_test_name(report)}{correction}.{target_note(report)}"
    )


def _test_name(report: Report) -> str:
    """The test of paired means; if all differences are equal, there is no t."""
    flipped = [
        p_is_of_sign_flips(finding)
        for finding in report.on_primary
        # Of costs that are bounds, another note names the test.
        if finding.p is not None and not is_censored(finding)
    ]
    if flipped and all(flipped):
        return "the sign-flip test, as there is no spread for a t test"
    rest = ", or the sign-flip test where there is no spread for one" if any(flipped) else ""
    return f"a paired t test{rest}"


def intervals_note(report: Report) -> str:
    """The meaning of the intervals over seeds and over sentences, and their level."""
    intervals = _INTERVALS.format(level=level_text(report.on_primary))
    if any(finding.p_bootstrap is not None for finding in report.on_primary):
        intervals = f"{intervals} {_BOOTSTRAP}"
    documents = max((finding.documents for finding in report.on_primary), default=0)
    if not documents:
        return f"{intervals} Sentences count as independent of each other."
    return (
        f"{intervals} New sentences are those of new documents: the sentences of each of the"
        f" {documents} documents count together."
    )


def supporting_note(report: Report) -> str:
    """The meaning of the columns of the supporting statistics that have any value."""
    columns = {*supporting_statistics(report).header}
    margins = {finding.margin for finding in report.on_primary if finding.margin}
    ranked = any(finding.n_ranked for finding in report.on_primary)
    means = " of the pairs that both finished" if ranked else ""
    notes = [_DETECTABLE] if "detectable" in columns else []
    notes += [_EFFECT_SIZE] if "effect size" in columns else []
    if "equivalence p" in columns:
        median = any(finding.method == "sign_test" for finding in report.on_primary)
        test = "sign test" if median else "t test"
        notes += [_EQUIVALENCE.format(test, means, margin) for margin in margins]
    notes += _sign_flips(report, columns=columns)
    if "correlation" in columns:
        known = any(finding.correlation_low is not None for finding in report.on_primary)
        notes.append(_CORRELATION.format(_CORRELATED if known else ""))
    if improvement_header(report) in columns:
        notes.append(_IMPROVEMENT.format(MEANINGFUL, runs_for_improvement()))
    notes += [_INTERQUARTILE] if interquartile_header(report) in columns else []
    if ranked:
        notes.append(_RANKED if improvement_header(report) in columns else _FINISHED)
    if "diverged, p" in columns:
        welch = any(finding.method == "welch" for finding in report.on_primary)
        notes.append(_DIVERGED.format(_FISHER if welch else _MCNEMAR))
    return " ".join([*notes, *rare_collapse_note(report)])


def _sign_flips(report: Report, *, columns: Collection[str]) -> list[str]:
    """The tests of sign flips, as far as there are columns of them."""
    number = _number_of_comparisons(report)
    if "sign-flip p" not in columns:
        return []
    if "max-T p" in columns:
        alike = "of one comparison, they are the same test"
        corrected = f"max-T is corrected for {number}, the sign-flip p is not"
        return [_MAX_T.format(corrected if number else alike)]
    uncorrected = f", and its p is not corrected for {number}" if number else ""
    return [_SIGN_FLIPS.format(uncorrected=uncorrected)]


def _number_of_comparisons(report: Report) -> str:
    """The number that p is corrected for, in words; empty where none is above 1."""
    kinds = {finding.kind for finding in report.on_primary if finding.family > 1}
    # Variants that change nothing are variants too.
    kinds -= {"noise_floor"} if len(kinds) > 1 else set()
    return f"the number of {listed([MEMBERS[kind] for kind in sorted(kinds)])}" if kinds else ""


def on_split(metric: ScoredMetric, *, mark: str = "") -> str:
    """The split that was scored, to follow a metric's name; empty if it is not known."""
    return f"{mark} on the {metric.split} split" if metric.split else ""


def pretraining_sentence(pretraining: Pretraining) -> str:
    """A model that was trained before the variants, and the variants that use it."""
    uses = []
    if names := pretraining.initialized:
        starting = f"{listed(names)} {'starts' if len(names) == 1 else 'start'} from"
        if pretraining.updates is None:
            return (
                f"{starting} the weights in {pretraining.name}, the same for every seed: what "
                "weights of other seeds would do is no part of the spread."
            )
        uses.append(f"{starting} it")
    if names := pretraining.referenced:
        uses.append(f"{listed(names)} {'uses' if len(names) == 1 else 'use'} it in an option")
    return (
        f"{pretraining.name} was trained first, once per seed, for {pretraining.updates} updates: "
        f"{'; '.join(uses)}."
    )


def direction(metric: ScoredMetric) -> str:
    """The direction of a metric: ``higher is better``, ``lower is better`` or none."""
    return DIRECTIONS[metric.higher_is_better]
