"""The design of a study in sentences, on which the meaning of its numbers depends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from harness.analysis import dropped_text
from harness.contracts import Design, Factorial, Finding, FindingKind
from harness.report.numbers import level_at
from harness.report.tuning_text import tuning_sentences
from harness.report.values import Report
from harness.report.verdict_claims import listed

_MEMBERS: Mapping[FindingKind, str] = {
    "variant": "planned variants",
    "pair": "comparisons",
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
        yield from tuning_sentences(report.tuning)


def correction_text(report: Report) -> str:
    """The correction of the p values, as the end of a sentence."""
    families = Counter(finding.kind for finding in report.on_primary)
    sizes = {**families}
    tested = [finding for finding in report.on_primary if finding.kind != "noise_floor"]
    # A comparison of a study's runs has no design, and still counts all that the study compared.
    if report.design.dropped or any(finding.family > len(report.on_primary) for finding in tested):
        sizes |= {finding.kind: finding.family for finding in tested}
    several = [
        _family(size, kind=kind, compared=families[kind], of_table=report.design.of_table)
        for kind, size in sizes.items()
        if size > 1
    ]
    over = f", corrected by Holm's method over {' and over '.join(several)}" if several else ""
    looks = len(report.design.looks)
    if not looks:
        return over
    added = ", more at looks that were added" if report.design.added_looks else ""
    return f"{over}{', and' if over else ','} multiplied by the {looks} looks{added}"


def floor_looks_text(finding: Finding, *, design: Design) -> str:
    """The part of the looks in the smallest p that a test can reach, as the end of a clause."""
    if finding.looks == 1:
        return ""
    if design.added_looks:  # whose factors are no number of looks, and make an earlier p the least
        return ", at the look that allows the least"
    return f", multiplied by the {finding.looks} looks"


def _family(size: int, *, kind: FindingKind, compared: int, of_table: bool) -> str:
    """The comparisons that are corrected together, with those that were dropped."""
    name = _MEMBERS[kind]
    members = f"the {size} {name.removeprefix('planned ') if of_table else name}"
    return f"{members}, of which {dropped_text(size - compared)}" if size > compared else members


def _factorial(factorial: Factorial) -> str:
    sizes = " x ".join(str(len(levels)) for levels in factorial.factors.values())
    factors = [f"{name} ({', '.join(levels)})" for name, levels in factorial.factors.items()]
    if factorial.corpora:
        return _corpora(factorial, factors=factors)
    return (
        f"Full factorial, {sizes}: {listed(factors)}. The overall effect of a level is an average "
        "over all levels of the other factors. Removing one choice from the full combination, or "
        "adding one to the baseline, would estimate a different effect unless the factors are "
        "additive. An interaction is the effect of a combination minus the sum of the effects of "
        "its parts; where noise is alike in all cells, it takes at least four times as many seeds "
        "as a main effect of the same size."
    )


def _corpora(factorial: Factorial, *, factors: Sequence[str]) -> str:
    return (
        f"Several corpora: every combination of {listed(factors)}. Runs are paired by seed within a"
        " corpus, never across corpora, and seeds are nested in corpora: the overall effect is the"
        " mean over corpora of the difference on each, seed by seed, which speaks of these"
        f" {len(factorial.factors[factorial.corpora or ''])} corpora. Whether an effect differs"
        " between corpora is not tested."
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


def _added(design: Design) -> str:
    if not design.added_looks:
        return ""
    added = sorted(design.added_looks)
    names = [f"{look} seeds (p times {design.look_factors[look]})" for look in added]
    return (
        f"Looks were added after results had been seen, after {listed(names)}: they share another "
        ".005, however many there will be. "
    )


def _share(taken: int, *, of: int) -> str:
    """The looks that were taken, as a subject with its verb."""
    planned = "planned look" if of == 1 else "planned looks"
    return f"{taken} of {of} {planned} {'was' if taken == 1 else 'were'}"


def _looks(report: Report) -> str:
    looks = report.design.looks
    taken = [look for look in looks if look <= len(report.seeds)]
    factors, added = report.design.look_factors, sorted(report.design.added_looks)
    by_factor = ", or by the factor of a look that was added" if added else ""
    levels = "".join(f", or {level_at(factors[look])} after {look} seeds" for look in added)
    return (
        f"Group sequential: {_share(len(taken), of=len(looks))} taken (planned after "
        f"{listed([str(look) for look in looks])} seeds), and only undecided variants continue. "
        f"{_added(report.design)}"
        f"p values are the smallest of the looks so far at which the difference had its present "
        f"sign, multiplied by the number of planned looks{by_factor}, and intervals have a "
        f"confidence level of {level_at(len(looks))}{levels}, so that both are valid at whichever "
        "look a variant stopped (Bonferroni over looks)."
    )
