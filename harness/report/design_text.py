"""How a study was made, in sentences: what its numbers mean depends on it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from harness.contracts import Design, Factorial, FindingKind
from harness.report.answer_text import listed
from harness.report.values import Report, Trials

_MEMBERS: Mapping[FindingKind, str] = {
    "variant": "planned variants",
    "pair": "pairs",
    "effect": "effects",
    "noise_floor": "variants that change nothing",
}


def designed(report: Report) -> Iterator[str]:
    """What kind of study it is, and what follows from that."""
    design, kinds = report.design, {finding.kind for finding in report.on_primary}
    if design.factorial:
        yield _crossed(design.factorial)
    elif "pair" in kinds:
        yield "Each variant is held against each, the baseline among them."
    elif "variant" in kinds:
        yield (
            "One at a time: each variant is held against the baseline, and what several of them "
            "would do together is not tested."
        )
    if design.sweep:
        yield f"{design.sweep.option} is swept; the baseline's own value is no variant."
    if design.noise_floor:
        yield _noise_floor(design)
    if design.looks:
        yield _looks(report)
    if report.tuning:
        yield _tuning(report.tuning)


def corrected(report: Report) -> str:
    """What p values are corrected for, as the end of a sentence."""
    families = Counter(finding.kind for finding in report.on_primary)
    several = [f"the {n} {_MEMBERS[kind]}" for kind, n in families.items() if n > 1]
    over = f", corrected by Holm's method over {' and over '.join(several)}" if several else ""
    looks = len(report.design.looks)
    return f"{over}{', and' if over else ','} multiplied by the {looks} looks" if looks else over


def _tuning(tuning: Trials) -> str:
    values = len(tuning.variants[0].scores)
    seeds = "1 seed that was" if tuning.seeds == 1 else f"{tuning.seeds} seeds that were"
    return (
        f"Equal tuning: every variant was tried at the same {values} values of {tuning.option}, "
        f"with {seeds} for nothing else, and got the value with the best validation "
        f"{tuning.metric}, before any of its runs was tested."
    )


def _crossed(factorial: Factorial) -> str:
    sizes = " x ".join(str(len(levels)) for levels in factorial.factors.values())
    factors = [f"{name} ({', '.join(levels)})" for name, levels in factorial.factors.items()]
    return (
        f"Full factorial, {sizes}: {listed(factors)}. What a level does overall is an average over "
        "all levels of the other factors. Leaving one choice out of the whole, or adding one to "
        "nothing, would estimate something else wherever factors do not add up. An interaction is "
        "the score together minus what its parts add up to; it takes two to four times the seeds "
        "of an effect of one factor to see one as large."
    )


def _noise_floor(design: Design) -> str:
    names = design.noise_floor
    which = listed(names) if len(names) < 4 else f"{len(names)} variants"
    changes = "changes" if len(names) == 1 else "change"
    alone = (
        f"{which} {changes} nothing but chance (A/A): how far runs drift apart for no reason, the "
        "noise floor. That is no hypothesis, and no other variant is corrected for it."
    )
    shared = (
        " All are held against one baseline, so their p values are not independent: a baseline "
        "that was lucky makes many of them small."
    )
    return alone + (shared if len(names) > 1 else "")


def _looks(report: Report) -> str:
    looks = report.design.looks
    seen = [look for look in looks if look <= len(report.seeds)]
    taken = f"{len(seen)} of {len(looks)} planned looks were taken"
    return (
        f"Seeds stop themselves: {taken}, after {listed([str(look) for look in looks])} seeds at "
        "most, and only what was undecided went on. p values are multiplied by the number of "
        f"planned looks, and intervals have {1 - 0.05 / len(looks):.2%}, so that both hold at "
        "whichever look a variant stopped (Bonferroni over looks)."
    )
