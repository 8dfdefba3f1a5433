"""The values that tuning chooses, from the trials that have ended."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product
from statistics import fmean

from harness.analysis.power import pooled_sd
from harness.contracts import CORE_METRICS
from harness.report import TunedVariant, TuningSummary
from harness.runs.ledger import Ledger
from harness.runs.planned_run import PlannedRun
from harness.study.values import Study, Tuning

_Scores = Mapping[tuple[str, int], float]  # by the value and the seed of a trial


def tuning_results(
    study: Study, *, trials: Sequence[PlannedRun], ledger: Ledger
) -> TuningSummary | None:
    """The values chosen for each variant and seed: those with the best mean over their trials.

    None without tuning, and before any choice. Trials are judged on validation, by the primary
    metric or, where that is of text, by the likelihood. A value with which some trial diverged, or
    has no finite score after its last update, is the worst. Of equals the first is chosen.
    """
    tuning = study.tuning
    if tuning is None:
        return None
    metric = study.compare.primary if study.compare.primary in CORE_METRICS else "nll"
    ended = {
        (run.variant, run.seed): _score(run, metric=metric, ledger=ledger)
        for run in trials
        if run.trial and run.exists
    }
    tuned: list[TunedVariant] = []
    for variant, values in tuning.candidates.items():
        scores = {
            (value, trial): ended[name, trial]
            for value, trial in product(values, tuning.all_trial_seeds)
            if (name := tuning.name(variant, value=value), trial) in ended
        }
        tuned += _tuned(variant, tuning=tuning, scores=scores, metric=metric)
    if not tuned:
        return None
    per_value = len(next(iter(tuning.trial_seeds.values())))
    return TuningSummary(tuning.option, per_value, metric, tuned, tuning.once)


def _tuned(variant: str, *, tuning: Tuning, scores: _Scores, metric: str) -> Iterator[TunedVariant]:
    """The choices for one variant, for every seed whose trials have all ended, if there is any."""
    values = tuning.candidates[variant]
    chosen: dict[int, str] = {}
    used: dict[int, None] = {}  # trials, each once: seeds may share them
    for seed, trials in tuning.trial_seeds.items():
        if all((value, trial) in scores for value in values for trial in trials):
            used |= dict.fromkeys(trials)
            means = {value: _mean(scores[value, trial] for trial in trials) for value in values}
            best = max if CORE_METRICS[metric] else min  # of equals, both take the first
            chosen[seed] = best(means, key=means.__getitem__)
    if not chosen:
        return
    by_value = {value: [scores[value, trial] for trial in used] for value in values}
    means = {value: _mean(sample) for value, sample in by_value.items()}
    # JSON has no infinities.
    shown = {value: mean if math.isfinite(mean) else None for value, mean in means.items()}
    yield TunedVariant(variant, chosen, shown, lead=_lead([*by_value.values()], metric=metric))


def _lead(samples: Sequence[Sequence[float]], *, metric: str) -> float | None:
    """The distance of the two best means, in standard deviations of a trial within a value.

    None where it is not known: with one trial of each value, or with one value that never fails.
    """
    finite = [sample for sample in samples if all(map(math.isfinite, sample))]
    pooled = pooled_sd(finite)
    means = sorted(map(_mean, finite), reverse=CORE_METRICS[metric])
    if pooled is None or len(means) < 2:
        return None
    spread, _ = pooled
    lead = abs(means[0] - means[1]) / spread if spread else math.inf
    return lead if math.isfinite(lead) else None


def _mean(scores: Iterable[float]) -> float:
    """The mean; infinite, and thus the worst, where a sum of perplexities overflows."""
    values = [*scores]
    try:
        return fmean(values)
    except OverflowError:
        return math.inf


def _score(run: PlannedRun, *, metric: str, ledger: Ledger) -> float:
    """The score after the last update, and no older one: one that overflowed is not stored."""
    worst = -math.inf if CORE_METRICS[metric] else math.inf
    if ledger.status(run.digest) != "finished":
        return worst
    scored = [row for row in ledger.measurements(run.digest) if row.split == "validation"]
    last = max((row.update for row in scored), default=None)
    values = {row.metric: row.value for row in scored if row.update == last}
    return values.get(metric, worst)
