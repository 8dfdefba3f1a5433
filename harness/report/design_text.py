"""The design of a study in sentences, on which the meaning of its numbers depends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from harness.contracts import Design, Factorial, FindingKind
from harness.report.values import Report, TuningSummary
from harness.report.verdict_claims import listed

_MEMBERS: Mapping[FindingKind, str] = {
    "variant": "planned variants",
    "pair": "pairs",
    "effect": "effects",
    "noise_floor": "variants that change nothing",
}


def design_sentences(report: Report) -> Iterator[str]:
    """The kind of study and its consequences, a sentence or two for each property."""
    design, kinds = report.design, {finding.kind for finding in report.on_primary}
    if design.factorial:
        yield _factorial(design.factorial)
    elif "pair" in kinds:
        yield "All pairs: every variant is compared with every other and with the baseline."
    elif "variant" in kinds:
        yield (
            "One at a time: each variant is compared with the baseline; combinations of variants "
            "are not tested."
        )
    if design.sweep:
        yield f"Sweep of {design.sweep.option}; the baseline's own value is not a variant."
    if design.noise_floor:
        yield _noise_floor(design)
    if design.looks:
        yield _looks(report)
    if report.tuning:
        yield _tuning(report.tuning)


def correction_text(report: Report) -> str:
    """The correction of the p values, as the end of a sentence."""
    families = Counter(finding.kind for finding in report.on_primary)
    several = [f"the {n} {_MEMBERS[kind]}" for kind, n in families.items() if n > 1]
    over = f", corrected by Holm's method over {' and over '.join(several)}" if several else ""
    looks = len(report.design.looks)
    return f"{over}{', and' if over else ','} multiplied by the {looks} looks" if looks else over


def _tuning(tuning: TuningSummary) -> str:
    values = len(tuning.variants[0].scores)
    seeds = "1 seed" if tuning.seeds == 1 else f"{tuning.seeds} seeds"
    return (
        f"Equal tuning: every variant was trained with the same {values} values of "
        f"{tuning.option}, on {seeds} reserved for tuning, and uses the value with the best "
        f"validation {tuning.metric}; none of its runs was tested before that."
    )


def _factorial(factorial: Factorial) -> str:
    sizes = " x ".join(str(len(levels)) for levels in factorial.factors.values())
    factors = [f"{name} ({', '.join(levels)})" for name, levels in factorial.factors.items()]
    return (
        f"Full factorial, {sizes}: {listed(factors)}. The overall effect of a level is an average "
        "over all levels of the other factors. Removing one choice from the full combination, or "
        "adding one to the baseline, would estimate a different effect unless the factors are "
        "additive. An interaction is the score of a combination minus the sum of its parts; it "
        "takes two to four times as many seeds as a main effect of the same size."
    )


def _noise_floor(design: Design) -> str:
    names = design.noise_floor
    subject = listed(names) if len(names) < 4 else f"{len(names)} variants"
    differ, show = ("differs", "shows") if len(names) == 1 else ("differ", "show")
    text = (
        f"{subject} {differ} from the baseline by chance only (A/A) and {show} the noise floor: "
        "the differences that occur without a cause. This is not a hypothesis, and no other "
        "variant is corrected for it."
    )
    shared_baseline = (
        " All are compared with one baseline, so their p values are not independent: a lucky "
        "baseline makes many of them small."
    )
    return text + (shared_baseline if len(names) > 1 else "")


def _looks(report: Report) -> str:
    looks = report.design.looks
    taken = [look for look in looks if look <= len(report.seeds)]
    return (
        f"Group sequential: {len(taken)} of {len(looks)} planned looks were taken (planned after "
        f"{listed([str(look) for look in looks])} seeds), and only undecided variants continued. "
        "p values are multiplied by the number of planned looks, and intervals have a confidence "
        f"level of {1 - 0.05 / len(looks):.2%}, so that both are valid at whichever look a variant "
        "stopped (Bonferroni over looks)."
    )
