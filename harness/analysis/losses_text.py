"""Runs that are missing from a comparison, as text: diverged, failed, or not run."""

from __future__ import annotations

from collections import Counter

from harness.analysis.correction import Judgment
from harness.analysis.costs import SeedRuns
from harness.analysis.p_values import p_equation, p_text
from harness.analysis.pairing import OTHER_TOKENS, Pairing
from harness.analysis.statistics import ALPHA
from harness.contracts import OF_RAW_TEXT
from harness.study.values import BASELINE


def survivors(judgment: Judgment) -> list[str]:
    """The claim that holds only for the runs that did not diverge, if they alone support it."""
    baseline, variant = judgment.survivors
    if judgment.verdict != "inconclusive" or not (baseline or variant):
        return []
    if judgment.differs:
        claim = judgment.claim
    elif judgment.within_margin:
        claim = "equivalent"
    else:
        return []
    if judgment.pairing.kind == "effect":
        return [f"{claim} only where no run diverged"]
    if baseline and variant:
        return [f"{claim} only where neither diverged"]
    return [f"{claim} only where {'it' if variant else _reference(judgment)} did not diverge"]


def losses(judgment: Judgment) -> list[str]:
    """The runs without a score, by reason, and how often each side diverged, with its test."""
    pairing, p = judgment.pairing, judgment.evidence.p_diverged
    planned = len(pairing.planned)
    counted = Counter(pairing.losses)
    lost = [
        f"{fault} in {count} of {planned} seeds{_way_out(pairing) if fault == OTHER_TOKENS else ''}"
        for fault, count in counted.items()
        if p is None or not fault.endswith(" diverged")
    ]
    if p is None:
        return lost
    counts = [pairing.count("diverged", baseline=side) for side in (False, True)]
    test = "Fisher" if pairing.method == "welch" else "McNemar"
    tested = f"{test} {p_equation(p)}"
    ended = sum(map(_have_ended, pairing.planned))
    floor = min(1.0, 2.0 ** (1 - ended))
    if test == "McNemar" and floor >= ALPHA:
        seeds = f"{ended} {'seed' if ended == 1 else 'seeds'}"
        unlike = " in which both runs finished or diverged" if ended < planned else ""
        tested += f"; below {p_text(floor)} is not attainable with {seeds}{unlike}"
    rates = f"diverged in {counts[0]} of {planned} seeds, {_reference(judgment)} in {counts[1]}"
    return [*lost, f"{rates} ({tested})"]


def _way_out(pairing: Pairing) -> str:
    """The comparison that is possible where the text is the same and its tokens are not."""
    if not pairing.other_tokens:
        return ""
    runs = [run for pair in pairing.planned for run in pair if run and run.outcome == "finished"]
    given = [name for name in OF_RAW_TEXT if all(run.score(name) is not None for run in runs)]
    instead = " or ".join([*given, "a metric of text"])
    return f", though of the same text: {pairing.metric.name} depends on tokens; use {instead}"


def _have_ended(runs: SeedRuns) -> bool:
    # McNemar's test leaves out the seeds of runs that failed.
    return all(run is not None and run.outcome != "failed" for run in runs)


def _reference(judgment: Judgment) -> str:
    against = judgment.pairing.against
    return "the baseline" if against == BASELINE else against
