"""The other source of variance: on other sentences the same models would score otherwise."""

from __future__ import annotations

import math

from harness.analysis.pairing import Pairing, same_text
from harness.analysis.statistics import StudentT, mean, student


def sentence_t(pairing: Pairing, *, difference: float) -> StudentT | None:
    """These runs on new sentences: the difference with its interval over sentences.

    A sentence's part in the difference is the mean of its influences on the variant's runs minus
    that on the baseline's; the standard error is that of the mean of these parts. None where some
    run's sentences are not known, or none differs from another.
    """
    import numpy as np

    name = pairing.metric.name
    known = [[run.sentences.get(name) for run in side] for side in pairing.judged]
    influences = [[each.influence for each in side if each] for side in known]
    if not all(map(all, known)) or len({len(each) for side in influences for each in side}) != 1:
        return None
    theirs, ours = (np.mean(side, axis=0) for side in influences)
    n = len(ours)
    error = float(np.std(ours - theirs, ddof=1)) / math.sqrt(n)
    return student(difference, error=error, df=n - 1) if error > 0 else None


def combined(seeds: StudentT | None, *, sentences: StudentT | None) -> tuple[float, float] | None:
    """New seeds on new sentences: both half-widths, added as independent errors are."""
    if seeds is None or sentences is None:
        return None
    half_width = math.hypot(seeds.high - seeds.mean, sentences.high - sentences.mean)
    return seeds.mean - half_width, seeds.mean + half_width


def bootstrap_p(pairing: Pairing) -> float | None:
    """The paired bootstrap over sentences (Koehn 2004), as sacrebleu computes it.

    It is about the two models of the first pair, and no others. p is the share of draws in which
    the difference is farther from the mean difference than the observed one from 0, one added to
    both counts. None where the sentences are not known, or where no draw shows a difference.
    """
    name = pairing.metric.name
    if not pairing.together or not pairing.metric.of_text:
        return None
    theirs, ours = pairing.together[0]
    known = [run.sentences[name].resampled for run in (theirs, ours) if name in run.sentences]
    if len(known) < 2 or same_text(theirs, ours=ours):
        return None
    pairs = zip(known[0], known[1], strict=True)
    drawn = [abs(one - other) for one, other in pairs]
    if not any(drawn):
        return None
    center, observed = mean(drawn), abs(pairing.differences[0])
    hits: int = sum(value - center > observed for value in drawn)
    return (hits + 1) / (len(drawn) + 1)
