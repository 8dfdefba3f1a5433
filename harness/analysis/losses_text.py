"""Runs that are missing from a comparison, as text: diverged, failed, or not run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from harness.analysis.correction import Judgment
from harness.analysis.missing_runs import OTHER_TOKENS, MissingRun
from harness.analysis.p_values import p_equation, p_text
from harness.analysis.pairing import Pairing
from harness.analysis.statistics import ALPHA
from harness.contracts import OF_RAW_TEXT, FindingKind, Method
from harness.study.values import BASELINE

MEMBERS: Mapping[FindingKind, str] = {
    "variant": "variants",
    "pair": "comparisons",
    "effect": "effects",
    "noise_floor": "variants that change nothing",
}


def shortfall(
    n: int, *, baseline: int, planned: int, method: Method, kind: FindingKind, of_table: bool
) -> str:
    """The runs that a verdict rests on, where they are fewer than were planned; else empty.

    Of a table, which has no plan: fewer than the other side's, or than its seeds.
    """
    if of_table and min(n, baseline) < planned:
        welch = f"{counted(n, noun='run')} against {baseline}"
        return f"from {welch if method == 'welch' else f'{n} of {planned} seeds'}"
    if method == "welch":
        sides = f"{n} of {planned} planned runs against {baseline} of {planned}"
        return f"from {sides}" if min(n, baseline) < planned else ""
    unit = "seeds" if kind == "effect" else "pairs"
    return f"from {n} of {planned} planned {unit}" if n < planned else ""


def few_runs(n: int, *, method: Method) -> str:
    """``two seeds only`` where agreement of all would be no evidence; else empty.

    By Welch's method, which pairs none, ``two runs per side only``.
    """
    number = {1: "one", 2: "two", 3: "three"}.get(n)
    if number is None:
        return ""
    noun = "seed" if method != "welch" else "run"
    return f"{number} {noun if n == 1 else f'{noun}s'}{' per side' if noun == 'run' else ''} only"


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
    if judgment.pairing.method == "welch":  # which takes a run whatever became of its seed
        return [f"{claim} only among runs that did not diverge"]
    if baseline and variant:
        return [f"{claim} only where neither diverged"]
    survivor = "it" if variant else comparator(judgment.pairing.against)
    return [f"{claim} only where {survivor} did not diverge"]


def losses(judgment: Judgment) -> list[str]:
    """The runs without a score, by reason, and how often each side diverged, with its test."""
    pairing, p = judgment.pairing, judgment.evidence.p_diverged
    lost = [
        f"{_lost(loss, count=count, pairing=pairing)}{_way_out(loss, pairing=pairing)}"
        for loss, count in Counter(pairing.losses).items()
        if p is None or not loss.fault.endswith(" diverged")
    ]
    if p is None:
        return lost
    against, own = (
        f"in {pairing.count('diverged', baseline=side == 0)} of {size}"
        for side, size in enumerate(pairing.sizes)
    )
    unit = "runs" if pairing.method == "welch" else "seeds"
    tested = _fisher(pairing, p=p) if pairing.method == "welch" else _mcnemar(pairing, p=p)
    if judgment.family > 1:
        tested += f"; not corrected for the number of {MEMBERS[pairing.kind]}"
    name = comparator(pairing.against)
    return [*lost, f"diverged {own} {unit}, {name} {against} ({tested})"]


def _lost(loss: MissingRun, *, count: int, pairing: Pairing) -> str:
    """A fault with its count: of the runs of its side, or of those that were to be."""
    unit = "runs" if pairing.method == "welch" else "seeds"
    if loss.side is not None:
        return f"{loss.fault} in {count} of {pairing.sizes[loss.side]} {unit}"
    planned = "planned " if pairing.method == "welch" and not pairing.of_table else ""
    return f"{loss.fault} in {count} of {len(pairing.planned)} {planned}{unit}"


def _fisher(pairing: Pairing, *, p: float) -> str:
    failed = pairing.count("failed") + pairing.count("failed", baseline=True)
    return f"Fisher {p_equation(p)}{' without those that failed' if failed else ''}"


def _mcnemar(pairing: Pairing, *, p: float) -> str:
    """McNemar's p, the seeds that it is over if they are not all, and its least value."""
    # It leaves out the seeds of runs that failed, and those that only one side has.
    ended = pairing.ended_pairs
    if not ended:
        return "no seed for McNemar's test, which takes both runs"
    seeds = counted(ended, noun="seed")
    tested, those = f"McNemar {p_equation(p)}", f"with {seeds}"
    if ended < len(pairing.planned):
        tested += f" over the {seeds} in which both runs finished or diverged"
        those = "there"
    floor = min(1.0, 2.0 ** (1 - ended))
    if floor >= ALPHA:
        tested += f"; below {p_text(floor)} is not attainable {those}"
    return tested


def _way_out(loss: MissingRun, *, pairing: Pairing) -> str:
    """The comparison that is possible where the text is the same and its tokens are not."""
    if loss != OTHER_TOKENS or not pairing.other_tokens:
        return ""
    runs = [run for pair in pairing.planned for run in pair if run and run.outcome == "finished"]
    given = [name for name in OF_RAW_TEXT if all(run.score(name) is not None for run in runs)]
    instead = " or ".join([*given, "a metric of text"])
    return f", though of the same text: {pairing.metric.name} depends on tokens; use {instead}"


def comparator(name: str) -> str:
    """The name of what a variant is compared with, as the object of a sentence."""
    return "the baseline" if name == BASELINE else name


def counted(n: int, *, noun: str) -> str:
    """A number of things, such as ``1 run`` or ``2 runs``."""
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"
