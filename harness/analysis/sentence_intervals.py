"""Intervals over test sentences, the source of variance besides seeds."""

from __future__ import annotations

import math

from harness.analysis.pairing import Pairing, same_output
from harness.analysis.statistics import StudentT, mean, student


def sentence_t(pairing: Pairing, *, difference: float) -> StudentT | None:
    """The difference of these runs on new sentences, with its interval over sentences.

    A sentence contributes the mean of its influences on the variant's runs minus that on the
    baseline's; the standard error is that of the mean contribution. None if the sentences of some
    run are not known, or if all contributions are equal.
    """
    import numpy as np

    name = pairing.metric.name
    known = [[run.sentences.get(name) for run in side] for side in pairing.compared]
    influences = [[sentences.influence for sentences in side if sentences] for side in known]
    lengths = {len(influence) for side in influences for influence in side}
    if not all(map(all, known)) or len(lengths) != 1:
        return None
    # Averaged over runs first: the sentences are the sample here, and runs share them.
    baseline, variant = (np.mean(side, axis=0) for side in influences)
    n = len(variant)
    error = float(np.std(variant - baseline, ddof=1)) / math.sqrt(n)
    return student(difference, error=error, df=n - 1) if error > 0 else None


def combine_intervals(
    seeds: StudentT | None, *, sentences: StudentT | None
) -> tuple[float, float] | None:
    """The interval for new seeds on new sentences, from the half-widths of independent errors."""
    if seeds is None or sentences is None:
        return None
    # Variances of independent errors add, and each half-width has its own t quantile already.
    half_width = math.hypot(seeds.high - seeds.mean, sentences.high - sentences.mean)
    return seeds.mean - half_width, seeds.mean + half_width


def bootstrap_p(pairing: Pairing) -> float | None:
    """The p value of the paired bootstrap over sentences (Koehn 2004), as sacrebleu computes it.

    It concerns the two models of the first pair only. p is the share of samples whose difference is
    farther from the mean difference than the observed one is from 0, with 1 added to both counts.
    None if the sentences are not known, or if no sample shows a difference.
    """
    name = pairing.metric.name
    if not pairing.complete or not pairing.metric.of_text:
        return None
    baseline, variant = pairing.complete[0]
    known = [run.sentences[name].resampled for run in (baseline, variant) if name in run.sentences]
    if len(known) < 2 or same_output(baseline, variant=variant):
        return None
    pairs = zip(known[0], known[1], strict=True)
    sampled = [abs(first - second) for first, second in pairs]
    if not any(sampled):
        return None
    center, observed = mean(sampled), abs(pairing.differences[0])
    hits: int = sum(value - center > observed for value in sampled)
    return (hits + 1) / (len(sampled) + 1)
