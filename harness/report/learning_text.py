"""The sentence that a study learned nothing, so that its verdicts do not read as "no effect"."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from statistics import median

from harness.analysis import RunResult, ScoredMetric
from harness.analysis.learning import (
    TrainingTrace,
    at_floor,
    better_than_chance,
    no_better_than_chance,
    still_falling,
    writes_copies,
)
from harness.contracts import Course
from harness.runs.ledger import Ledger
from harness.runs.planned_run import PlannedRun
from harness.study.values import BASELINE

Traced = Sequence[tuple[RunResult, TrainingTrace]]


def nothing_learned(
    runs: Sequence[PlannedRun],
    *,
    results: Sequence[RunResult],
    metrics: Sequence[ScoredMetric],
    ledger: Ledger,
) -> str:
    """The evidence that all variants, or the baseline, learned nothing; empty if they did.

    Where the loss was better than chance, the claim is that they learned little.
    """
    finished = {
        (result.variant, result.seed): result
        for result in results
        if result.outcome == "finished" and result.scores
    }

    def traced(variant: str) -> Traced:
        return [
            (result, _trace(run, course=result.course, ledger=ledger))
            for run in runs
            if run.variant == variant
            for result in [finished.get((variant, run.seed))]
            if result
        ]

    # First, and alone if it learned: the files of all other runs need not be read then.
    baseline = traced(BASELINE)
    if not (of_baseline := learned_nothing(baseline, metrics=metrics)):
        return ""
    names = dict.fromkeys(variant for variant, _ in finished if variant != BASELINE)
    others = [*map(traced, names)]
    everywhere = all(learned_nothing(other, metrics=metrics) for other in others)
    claimed = [baseline, *others] if everywhere else [baseline]
    amount = "little" if any(map(_beat_chance, claimed)) else "nothing"
    # Other variants have numbers of their own.
    subject = (
        f"{amount.capitalize()} was learned; of the baseline,"
        if everywhere
        else f"The baseline learned {amount}:"
    )
    return f"{subject} {of_baseline}."


def learned_nothing(traced: Traced, *, metrics: Sequence[ScoredMetric]) -> str:
    """The signs that no run of a variant learned anything, and the way out; empty without any."""
    falling = _all(traced, where=still_falling)
    floor = [metric for metric in metrics if metric.of_text and _at_floor(traced, metric=metric)]
    signs = []
    if _all(traced, where=no_better_than_chance):
        nll = median(min(trace.losses) for _, trace in traced)
        chance = median(trace.by_chance or 0.0 for _, trace in traced)
        signs.append(
            f"the best validation nll, {nll:.3g}, is no better than the frequencies of tokens"
            f" alone give, {chance:.3g}"
        )
    if _all(traced, where=writes_copies):
        different, expected = (
            max(trace.different for _, trace in traced),
            max(trace.expected for _, trace in traced),
        )
        signs.append(
            f"where {expected} different lines were to be written, no run wrote more than"
            f" {different} (repeated words aside), and the rest are copies"
        )
    # A loss that beat chance, and one text metric above the worst, say that more was learned.
    low = falling and not (_beat_chance(traced) and len(floor) < _bounded(metrics))
    if floor and (low or signs):
        scores = [f"{metric.name} at most {_best(traced, metric=metric):.2g}" for metric in floor]
        signs.append(f"scores are next to the worst possible ({', '.join(scores)})")
    if not signs:
        return ""
    way = "raise `updates`"
    if falling:
        way = f"validation nll was still falling at the end: {way}"
    elif _all(traced, where=lambda trace: bool(trace.losses)):
        some = any(still_falling(trace) for _, trace in traced)
        fell = "did not fall to the end in every run" if some else "no longer fell"
        way = f"raise `updates`, or change the learning rate, as validation nll {fell}"
    return "; ".join([*signs[:-1], signs[-1] + _though(traced), way])


def _though(traced: Traced) -> str:
    """The loss that beat chance, which a low score or copies do not undo."""
    beaten = [trace for _, trace in traced if better_than_chance(trace)]
    if not beaten:
        return ""
    nll = min(loss for trace in beaten for loss in trace.losses)
    chance = min(trace.by_chance or 0.0 for trace in beaten)
    return (
        f", though the best validation nll, {nll:.3g}, is better than the frequencies of tokens"
        f" alone give, {chance:.3g}"
    )


def _beat_chance(traced: Traced) -> bool:
    return any(better_than_chance(trace) for _, trace in traced)


def _bounded(metrics: Sequence[ScoredMetric]) -> int:
    """The text metrics that have a worst score, and so can be next to it."""
    worst = [metric for metric in metrics if metric.of_text and metric.higher_is_better is not None]
    return sum(all(map(math.isfinite, metric.bounds)) for metric in worst)


def _all(traced: Traced, *, where: Callable[[TrainingTrace], bool]) -> bool:
    return bool(traced) and all(where(trace) for _, trace in traced)


def _at_floor(traced: Traced, *, metric: ScoredMetric) -> bool:
    scores = [result.score(metric.name) for result, _ in traced]
    return bool(scores) and all(
        score is not None and at_floor(score, metric=metric) for score in scores
    )


def _best(traced: Traced, *, metric: ScoredMetric) -> float:
    scores = [result.scores[metric.name] for result, _ in traced]
    return max(scores) if metric.higher_is_better else min(scores)


def _trace(run: PlannedRun, *, course: Course | None, ledger: Ledger) -> TrainingTrace:
    """The losses of a run, and its outputs with words that repeat each other counted once."""
    losses = course.scores.get("nll", ()) if course else ()
    outcome = ledger.outcome(run.digest)
    lines = ledger.hypotheses(run.digest, evaluation=run.evaluation)
    return TrainingTrace(
        losses=[loss for loss in losses if loss is not None],
        by_chance=outcome.chance_nll if outcome else None,
        different=len({tuple(dict.fromkeys(line.hypothesis.split())) for line in lines}),
        # Of a source no more can be asked than one output: plain text often has no sources at all.
        expected=min(len({line.reference for line in lines}), len({line.source for line in lines})),
    )
