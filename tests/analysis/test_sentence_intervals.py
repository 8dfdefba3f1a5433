from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
import scipy.stats
import statsmodels.api as sm
from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF
from sacrebleu.significance import PairedTest

from harness.analysis import RunResult, ScoredMetric, Sentences, Statistics, compare, resample
from harness.components import Metric
from harness.contracts import Finding
from harness.study.values import Comparison
from harness_metrics.bleu import Bleu
from harness_metrics.chrf import Chrf

MEAN = ScoredMetric(name="mean", higher_is_better=True, of_text=True)
WORDS = ["a", "the", "man", "woman", "dog", "cat", "park", "runs", "sits", "red", "old", "in", "on"]


def of_mean(values: Sequence[float]) -> Sentences:
    """The jackknife and bootstrap of a mean."""
    sentences = resample(
        Statistics([(value, 1) for value in values]), score=lambda sums: sums[0] / sums[1]
    )
    assert sentences
    return sentences


def result(variant: str, seed: int, values: Sequence[float], *, written: str = "") -> RunResult:
    """A run that scored these values, sentence by sentence."""
    return RunResult(
        variant=variant,
        seed=seed,
        outcome="finished",
        scores={"mean": float(np.mean(values))},
        sentences={"mean": of_mean(values)},
        output_digest=written or f"{variant} {seed}",
    )


def judge(results: list[RunResult], *, method: str = "paired_t") -> Finding:
    """The finding of one variant."""
    (finding,) = compare(
        results,
        variants=["baseline", "v"],
        seeds=sorted({run.seed for run in results}),
        metrics=[MEAN],
        comparison=Comparison(primary="mean", method="welch" if method == "welch" else "paired_t"),
    )
    return finding


def test_the_influence_on_a_mean_is_a_deviation() -> None:
    values = [3.0, 1.0, 4.0, 1.0, 5.0]
    assert of_mean(values).influence == pytest.approx(np.array(values) - np.mean(values))


def test_one_model_against_another_has_the_paired_t_interval_over_sentences() -> None:
    theirs, ours = np.random.default_rng(0).normal(size=(2, 40))
    finding = judge([result("baseline", 1, theirs), result("v", 1, ours)])
    interval = scipy.stats.ttest_rel(ours, theirs).confidence_interval(0.95)
    bounds = finding.interval_sentences_low, finding.interval_sentences_high
    assert bounds == pytest.approx((interval.low, interval.high))
    assert (finding.verdict, finding.combined_low) == ("no_inference", None)


@pytest.mark.parametrize("method", ["paired_t", "welch"])
def test_the_combined_interval_adds_both_as_independent_errors(method: str) -> None:
    drawn = np.random.default_rng(1).normal(size=(2, 4, 30))
    drawn += np.random.default_rng(2).normal(size=(2, 4, 1))
    results = [
        result(variant, seed, drawn[side, seed])
        for side, variant in enumerate(("baseline", "v"))
        for seed in range(4)
    ]
    finding = judge(results, method=method)
    difference = drawn[1].mean(axis=0) - drawn[0].mean(axis=0)
    error = difference.std(ddof=1) / 30**0.5
    over_sentences = scipy.stats.t.ppf(0.975, 29) * error
    assert finding.difference == pytest.approx(difference.mean())
    assert finding.interval_sentences_high == pytest.approx(difference.mean() + over_sentences)
    assert finding.interval_high is not None
    over_seeds = finding.interval_high - difference.mean()
    half_width = (over_seeds**2 + over_sentences**2) ** 0.5
    assert finding.combined_low == pytest.approx(difference.mean() - half_width)
    assert finding.combined_high == pytest.approx(difference.mean() + half_width)


def test_runs_without_sentences_have_no_interval_over_them() -> None:
    values = np.random.default_rng(3).normal(size=(4, 9))
    known = [result("baseline", seed, values[seed]) for seed in (0, 1)]
    known += [result("v", seed, values[seed + 2]) for seed in (0, 1)]
    assert judge(known).combined_low is not None
    for partly in ({}, {"mean": of_mean(values[3][:5])}):
        finding = judge([*known[:3], replace(known[3], sentences=partly)])
        assert finding.interval_sentences_low is finding.combined_low is None


def test_one_sentence_or_a_score_that_is_not_finite_says_nothing() -> None:
    assert resample(Statistics([(1, 1)]), score=lambda sums: sums[0]) is None
    assert resample(Statistics([(1, 1), (2, 0)]), score=lambda sums: float("nan")) is None


# --- against sacrebleu --------------------------------------------------------------------------


def written(seed: int, *, references: list[str], errors: float) -> list[str]:
    """A text with this share of errors, as a model might write it."""
    chance = random.Random(seed)
    return [
        " ".join(
            chance.choice(WORDS) if chance.random() < errors else word for word in line.split()
        )
        for line in references
    ]


CHANCE = random.Random(0)
REFERENCES = [
    " ".join(CHANCE.choice(WORDS) for _ in range(CHANCE.randint(4, 14))) for _ in range(150)
]
THEIRS = written(1, references=REFERENCES, errors=0.3)


def scored(variant: str, text: list[str], *, metric: Metric) -> RunResult:
    """A run of a text metric."""
    parts = metric.by_sentence()
    assert parts
    sentences = resample(Statistics(parts.statistics(text, REFERENCES)), score=parts.score)
    assert sentences
    return RunResult(
        variant=variant,
        seed=1,
        outcome="finished",
        scores={"mean": metric.build()(text, REFERENCES).value},
        sentences={"mean": sentences},
        output_digest=str(hash(tuple(text))),
    )


def sacrebleus_p(metric: BLEU | CHRF, *, text: list[str]) -> float:
    """The p that sacrebleu's own paired bootstrap gives a text against another."""
    systems = [("baseline", THEIRS), ("v", text)]
    _, table = PairedTest(systems, {"m": metric}, [REFERENCES], test_type="bs")()
    (result,) = (column[1] for name, column in table.items() if name != "System")
    return float(result.p_value)


@pytest.mark.parametrize(
    ("ours", "theirs"), [(Bleu(), BLEU()), (Chrf(), CHRF())], ids=["bleu", "chrf"]
)
@pytest.mark.parametrize("errors", [0.3, 0.27, 0.24])
def test_the_paired_bootstrap_is_sacrebleus(
    ours: Metric, theirs: BLEU | CHRF, errors: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SACREBLEU_SEED", raising=False)
    text = written(2, references=REFERENCES, errors=errors)
    p = sacrebleus_p(theirs, text=text)
    finding = judge([scored("baseline", THEIRS, metric=ours), scored("v", text, metric=ours)])
    assert finding.p_bootstrap == pytest.approx(p, abs=2.1 / 1001)  # theirs are of 32 bits
    assert finding.verdict == "no_inference"  # they are two models, not two ways to train


def test_equal_text_has_no_p_where_sacrebleu_says_001(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SACREBLEU_SEED", raising=False)
    assert sacrebleus_p(BLEU(), text=THEIRS) == pytest.approx(0.001, abs=1e-5)
    runs = [scored("baseline", THEIRS, metric=Bleu()), scored("v", THEIRS, metric=Bleu())]
    for known in (runs, [replace(run, output_digest=None) for run in runs]):
        assert judge(known).p_bootstrap is None
    twice = [replace(run, seed=seed) for run in runs for seed in (1, 2)]
    finding = judge(twice)
    assert (finding.verdict, finding.p_bootstrap, finding.interval_sentences_low) == (
        *("identical", None),
        None,
    )


@pytest.mark.parametrize("metric", [Bleu(), Chrf()], ids=["bleu", "chrf"])
def test_the_jackknife_and_the_bootstrap_agree_on_how_a_score_varies(metric: Metric) -> None:
    sentences = scored("baseline", THEIRS, metric=metric).sentences["mean"]
    n = len(REFERENCES)
    jackknife = (np.sum(np.square(sentences.influence)) / (n * (n - 1))) ** 0.5
    assert jackknife == pytest.approx(np.std(sentences.resampled, ddof=1), rel=0.1)


def in_documents(
    variant: str, seed: int, values: Sequence[float], *, by: Sequence[str]
) -> RunResult:
    """A run that scored these values, with the document of each."""
    plain = result(variant, seed, values)
    sentences = plain.sentences["mean"]._replace(documents=by)
    return replace(plain, sentences={"mean": sentences})


def test_sentences_of_a_document_count_together() -> None:
    draw = random.Random(1)
    by = [*"aaabbbbccdddd"]
    sides = {
        (name, seed): [draw.gauss(0, 1) for _ in by]
        for name in ("baseline", "v")
        for seed in (1, 2)
    }
    finding = judge([in_documents(*key, values, by=by) for key, values in sides.items()])
    rows = {
        name: np.mean([sides[name, seed] for seed in (1, 2)], axis=0) for name in ("baseline", "v")
    }
    contributions = rows["v"] - rows["baseline"]
    # Independently, the cluster-robust standard error of a regression on a constant.
    theirs = sm.OLS(contributions, np.ones(len(by))).fit(
        cov_type="cluster", cov_kwds={"groups": np.array([ord(name) for name in by])}, use_t=True
    )
    # Its correction is G / (G - 1) (n - 1) / (n - k), here (n - 1) / (n - 1) = 1.
    half = float(theirs.bse[0]) * scipy.stats.t.ppf(0.975, 3)
    assert finding.interval_sentences_high == pytest.approx(contributions.mean() + half)
    assert finding.documents == 4


def test_documents_of_one_sentence_each_change_nothing() -> None:
    values = {"baseline": [1.0, 2.0, 3.0, 5.0], "v": [2.0, 2.0, 4.0, 5.0]}
    runs = {
        name: [result(name, seed, [seed + x for x in scores]) for seed in (1, 2)]
        for name, scores in values.items()
    }
    runs["v"][1] = result("v", 2, [5.0, 4.0, 5.0, 8.0])
    plain = [run for side in runs.values() for run in side]
    alone = [
        replace(run, sentences={"mean": run.sentences["mean"]._replace(documents=[*"abcd"])})
        for run in plain
    ]
    before, after = judge(plain), judge(alone)
    assert before.interval_sentences_low == pytest.approx(after.interval_sentences_low)
    assert (before.documents, after.documents) == (0, 4)


def test_one_document_has_no_interval_over_documents() -> None:
    values = {"baseline": [1.0, 2.0, 3.0], "v": [2.0, 2.0, 4.5]}
    runs = [
        in_documents(name, seed, [seed * x for x in scores], by=["a", "a", "a"])
        for name, scores in values.items()
        for seed in (1, 2)
    ]
    assert judge(runs).interval_sentences_low is None


def test_the_bootstrap_samples_whole_documents() -> None:
    rows = [(0.0, 1), (0.0, 1), (10.0, 1), (10.0, 1)]
    sampled = resample(Statistics(rows, ["a", "a", "b", "b"]), score=lambda sums: sums[0] / sums[1])
    assert sampled
    assert set(sampled.resampled) == {0.0, 5.0, 10.0}
    plain = resample(Statistics(rows), score=lambda sums: sums[0] / sums[1])
    assert plain
    assert sampled.influence == plain.influence
    assert set(plain.resampled) > {0.0, 2.5, 5.0}
