"""Intervals over test sentences, the source of variance besides seeds."""

from __future__ import annotations

import math
from collections.abc import Sequence

from harness.analysis.inputs import RunResult
from harness.analysis.pairing import Pairing, same_output
from harness.analysis.statistics import StudentT, mean, student


def sentence_t(pairing: Pairing, *, difference: float) -> StudentT | None:
    """The difference of these runs on new sentences, with its interval over sentences.

    A sentence contributes the mean of its influences on the variant's runs minus that on the
    baseline's; the standard error is that of the mean contribution. Where sentences belong to
    documents, it is the cluster-robust one (Liang, Zeger 1986; Miller 2024): the contributions of a
    document are summed, and the documents are the sample. None if the sentences of some run are
    not known, or if all contributions are equal.
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
    contributions, n = variant - baseline, len(variant)
    if documents := documents_of(pairing):
        error, count = clustered_error(contributions, documents=documents)
    else:
        count = n
        error = float(np.std(contributions, ddof=1)) / math.sqrt(n)
    return student(difference, error=error, df=count - 1) if error > 0 else None


def clustered_error(
    contributions: Sequence[float], *, documents: Sequence[str]
) -> tuple[float, int]:
    """The standard error of a mean over sentences, robust to documents, and their number.

    It is 0 for one document, which tells nothing about others.
    """
    import numpy as np

    _, numbers = np.unique(documents, return_inverse=True)
    sums = np.bincount(numbers, weights=contributions)
    n, count = len(contributions), len(sums)
    return float(np.std(sums, ddof=1)) * math.sqrt(count) / n if count > 1 else 0.0, count


def documents_of(pairing: Pairing) -> Sequence[str]:
    """The document of each sentence; empty if the sentences of the runs are not known to share."""
    return shared_documents(
        [run for side in pairing.compared for run in side], metric=pairing.metric.name
    )


def shared_documents(runs: Sequence[RunResult], *, metric: str) -> Sequence[str]:
    """The document of each sentence of these runs; empty if they are not known to share them."""
    known = [run.sentences.get(metric) for run in runs]
    grouped = {tuple(sentences.documents) for sentences in known if sentences}
    # Runs that were found without a study do not know their documents; those beside them do.
    grouped -= {()}
    return grouped.pop() if len(grouped) == 1 else ()


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
