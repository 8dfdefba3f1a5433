"""Variances by source: Dyestuff's published components, and the sentences by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from harness.analysis import RunResult, ScoredMetric, Sentences
from harness.analysis.variance_sources import (
    NOISE,
    SEEDS,
    SENTENCES,
    WEIGHTS,
    nested_variances,
    share_of,
    variance_sources,
)

# The yields of five preparations from each of six batches (Davies 1947, table 6.2).
_DYESTUFF = [
    [1545, 1440, 1440, 1520, 1580],
    [1540, 1555, 1490, 1560, 1495],
    [1595, 1550, 1605, 1510, 1560],
    [1445, 1440, 1595, 1465, 1545],
    [1595, 1630, 1515, 1635, 1625],
    [1520, 1455, 1450, 1480, 1445],
]
NLL = ScoredMetric(name="nll", higher_is_better=False)


def run(
    variant: str, seed: int, *, nll: float | None, influence: tuple[float, ...] = ()
) -> RunResult:
    return RunResult(
        variant=variant,
        seed=seed,
        outcome="diverged" if nll is None else "finished",
        scores={} if nll is None else {"nll": nll},
        sentences={"nll": Sentences(influence)} if influence else {},
    )


def test_dyestuff_gives_the_published_components() -> None:
    between, within = nested_variances(_DYESTUFF)
    assert (between.variance, within.variance) == pytest.approx((1764.05, 2451.25))
    assert (between.df, within.df) == (5, 24)
    # 24 x 2451.25 over 39.364 and 12.401, the table's chi-square quantiles.
    assert (within.low, within.high) == pytest.approx((1494.5, 4744.0), rel=1e-3)
    assert share_of(between, sources=[between, within]) == pytest.approx(1764.05 / 4215.30)


def test_a_negative_estimate_is_zero() -> None:
    between, within = nested_variances([[1.0, 3.0], [1.0, 3.0]])
    assert (between.variance, between.low, within.variance) == (0, 0, pytest.approx(2))


def test_intervals_cover() -> None:
    """95% of 2,000 simulated studies, within three standard errors, or more."""
    rng = np.random.default_rng(12)
    hits = np.zeros(2)
    for scores in rng.normal(0, 2, (2000, 5, 1)) + rng.normal(0, 1, (2000, 5, 3)):
        sources = nested_variances(scores.tolist())
        hits += [s.low <= true <= s.high for s, true in zip(sources, (4, 1), strict=True)]
    assert (hits / 2000 >= 0.935).all()
    assert hits[1] / 2000 <= 0.965


def test_replicates_part_the_weights_from_the_noise() -> None:
    scores = {("baseline", 1): 1.0, ("again", 1): 3.0, ("baseline", 2): 7.0, ("again", 2): 9.0}
    runs = {(name, seed): run(name, seed, nll=nll) for (name, seed), nll in scores.items()}
    runs |= {("baseline", 3): run("baseline", 3, nll=50.0), ("again", 3): run("again", 3, nll=None)}
    sources = variance_sources(runs, variants=["baseline", "again"], seeds=[1, 2, 3, 4], metric=NLL)
    # Means 2 and 8: MSB = 2 x 18 = 36, MSW = 2.
    assert [(source.name, source.variance) for source in sources] == [
        (WEIGHTS, pytest.approx(17.0)),
        (NOISE, pytest.approx(2.0)),
    ]


def test_sentences_are_a_source_where_they_are_known() -> None:
    """Influences average to -2, 0, 2: their variance is 4, that of a mean of three 4 / 3."""
    runs = {
        ("baseline", 1): run("baseline", 1, nll=1.0, influence=(-3.0, 0.0, 3.0)),
        ("baseline", 2): run("baseline", 2, nll=3.0, influence=(-1.0, 0.0, 1.0)),
    }
    sources = variance_sources(runs, variants=["baseline"], seeds=[1, 2], metric=NLL)
    assert [(source.name, source.variance, source.df) for source in sources] == [
        (SEEDS, pytest.approx(2.0), 1),
        (SENTENCES, pytest.approx(4 / 3), 2),
    ]
    assert variance_sources(runs, variants=["baseline"], seeds=[1], metric=NLL) == []


def test_sentences_of_a_document_count_together() -> None:
    """Sums by document -3, 1, 2: their variance is 7, so that of the mean of six is 7 x 3 / 36."""
    influence = (-2.0, -1.0, 0.0, 1.0, 1.0, 1.0)
    runs = {
        ("baseline", seed): replace(
            run("baseline", seed, nll=float(seed)),
            sentences={"nll": Sentences(influence, documents=[*"aabbcc"])},
        )
        for seed in (1, 2)
    }
    _, sentences = variance_sources(runs, variants=["baseline"], seeds=[1, 2], metric=NLL)
    assert (sentences.name, sentences.df) == (SENTENCES, 2)
    assert sentences.variance == pytest.approx(7 * 3 / 36)


def test_one_document_tells_nothing_about_others() -> None:
    whole = Sentences((-1.0, 1.0), documents=["a", "a"])
    runs = {
        ("baseline", seed): replace(run("baseline", seed, nll=seed), sentences={"nll": whole})
        for seed in (1, 2)
    }
    (seeds,) = variance_sources(runs, variants=["baseline"], seeds=[1, 2], metric=NLL)
    assert seeds.name == SEEDS
