"""Pairs of runs that were found with different code, or in different environments."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import product

from harness.contracts import Finding
from harness.runs.planned_run import PlannedRun
from harness.study.values import BASELINE


def mixed(run: PlannedRun, *, other: PlannedRun) -> bool:
    """True if code or libraries that two runs have in common are not the same in both."""
    return any(
        one[name] != two[name]
        for one, two in (
            (run.identity.code, other.identity.code),
            (run.decoding.code, other.decoding.code),
            ({"torch": run.identity.torch}, {"torch": other.identity.torch}),
        )
        for name in one.keys() & two.keys()
    )


def compared_pairs(
    findings: Iterable[Finding], *, variants: Sequence[str]
) -> list[tuple[str, str]]:
    """The pairs of variants behind findings: for an effect of factors, each with the baseline."""
    pairs: dict[tuple[str, str], None] = {}
    for finding in findings:
        if finding.kind == "effect":
            pairs |= {(variant, BASELINE): None for variant in variants if variant != BASELINE}
        else:
            pairs[finding.variant, finding.against] = None
    return [*pairs]


def mixed_pairs(
    runs: Mapping[str, Sequence[PlannedRun]], *, pairs: Iterable[tuple[str, str]]
) -> str:
    """A sentence on the pairs that are mixed, by variant; empty if none is.

    Runs are paired by seed; those of two variants without a common seed, each with each.
    """
    counted, lines = 0, []
    for variant, against in pairs:
        one, two = ({run.seed: run for run in runs.get(name, ())} for name in (variant, against))
        same = [(seed, seed) for seed in one if seed in two]
        together = same or [*product(one, two)]
        counted += len(together)
        seeds = [str(seed) for seed, other in together if mixed(one[seed], other=two[other])]
        if seeds:
            name = variant if against == BASELINE else f"{variant} and {against}"
            lines.append((len(seeds), f"{name}, seed {', '.join(dict.fromkeys(seeds))}"))
    if not lines:
        return ""
    number, names = sum(count for count, _ in lines), "; ".join(line for _, line in lines)
    mix = "pair mixes" if counted == 1 else "pairs mix"
    return (
        f"{number} of {counted} {mix} code or environments ({names}): a difference may come from "
        "that."
    )
