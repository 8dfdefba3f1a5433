from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from harness.components import Metric
from harness.contracts import BySentence, Score, ScoreText
from harness.errors import HarnessError
from harness.runs import identity
from harness.runs.ledger import Hypothesis
from harness.scoring.sentence_influence import metric_key, over_sentences
from harness_metrics.bleu import Bleu
from harness_metrics.exact_match import ExactMatch

LINES = [
    Hypothesis("x", "a b c d e", "a b c d e"),
    Hypothesis("y", "a b c d", "a c d"),
    Hypothesis("z", "d c b a", "d c b a"),
]


@dataclass(frozen=True, kw_only=True)
class Longest(Metric):
    """A score that is not a function of sums over lines."""

    name = "longest"

    def build(self) -> ScoreText:
        return lambda ours, _: Score(float(max(map(len, ours))), "")


@dataclass(frozen=True, kw_only=True)
class Wrong(Longest):
    """Statistics that do not give the score."""

    name = "wrong"

    def by_sentence(self) -> BySentence:
        return BySentence(statistics=_lengths, score=lambda sums: sums[0])


def _lengths(ours: Sequence[str], _: Sequence[str]) -> list[list[int]]:
    return [[len(line)] for line in ours]


def test_statistics_are_stored_and_computed_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scores = {"exact_match": 200 / 3, "longest": 9.0}
    metrics = [ExactMatch(), Longest()]
    sentences, _ = over_sentences(LINES, metrics=metrics, folder=tmp_path, scores=scores)
    assert list(sentences) == ["exact_match"]
    assert sentences["exact_match"].influence == pytest.approx([100 / 3, -200 / 3, 100 / 3])
    schema, _, kept, nothing = json.loads((tmp_path / "sentences.json").read_text()).values()
    assert schema == 1
    assert (kept["statistics"], nothing) == ([[1, 1], [0, 1], [1, 1]], {})
    monkeypatch.setattr("harness.scoring.sentence_influence.resample", None)
    again, _ = over_sentences(LINES, metrics=metrics, folder=tmp_path, scores=scores)
    assert again == sentences


def test_the_cores_scores_are_computed_from_the_summands_of_the_evaluation(tmp_path: Path) -> None:
    sums = {"nats": [1.0, 4.0], "right": [2.0, 1.0], "tokens": [2.0, 4.0]}
    (tmp_path / "by_sentence.json").write_text(json.dumps(sums))
    scores = {"nll": 5 / 6, "token_accuracy": 0.5, "perplexity": 2.300975890892825}
    sentences, _ = over_sentences([], metrics=[], folder=tmp_path, scores=scores)
    assert set(sentences) == set(scores)
    # Without the first sentence nll is 1, without the second 0.5.
    assert sentences["nll"].influence == pytest.approx([-0.25, 0.25])
    assert sentences["token_accuracy"].influence == pytest.approx([0.375, -0.375])


@pytest.mark.parametrize("nats", [[600.0, 763.8], [1e4, 1.0], [1e300, 1e300]])
def test_a_score_that_overflows_on_some_sentences_spoils_no_other(
    tmp_path: Path, nats: list[float]
) -> None:
    sums = {"nats": nats, "right": [0.0, 1.0], "tokens": [1.0, 1.0]}
    (tmp_path / "by_sentence.json").write_text(json.dumps(sums))
    scores = {"nll": sum(nats) / 2, "token_accuracy": 0.5, "perplexity": 1.4e296}
    sentences, faults = over_sentences([], metrics=[], folder=tmp_path, scores=scores)
    assert not faults
    assert "perplexity" not in sentences
    assert ("nll" in sentences) == (nats[0] < 1e150)
    assert sentences["token_accuracy"].influence == pytest.approx([-0.5, 0.5])


class Uninstalled(Longest):
    """Statistics that need what is not there."""

    name = "uninstalled"

    def by_sentence(self) -> BySentence:
        raise HarnessError("numbers are not installed")


class OfNumpy(Longest):
    """Statistics of a kind that JSON does not have."""

    name = "of_numpy"

    def by_sentence(self) -> BySentence:
        return BySentence(
            statistics=lambda ours, _: [np.array([len(line)]) for line in ours],
            score=lambda sums: sums[0],
        )


def test_a_metric_whose_statistics_fail_spoils_no_other(tmp_path: Path) -> None:
    scores = {"uninstalled": 1.0, "of_numpy": 21.0, "exact_match": 200 / 3}
    sentences, (fault,) = over_sentences(
        LINES, metrics=[Uninstalled(), OfNumpy(), ExactMatch()], folder=tmp_path, scores=scores
    )
    assert str(fault) == "metric uninstalled: numbers are not installed"
    assert list(sentences) == ["of_numpy", "exact_match"]


def test_statistics_that_do_not_give_the_score_are_refused(tmp_path: Path) -> None:
    sentences, (fault,) = over_sentences(
        LINES, metrics=[Wrong()], folder=tmp_path, scores={"wrong": 9.0}
    )
    assert sentences == {}
    assert str(fault) == (
        "metric wrong: its statistics by sentence give a score of 21, but its score is 9"
    )


def test_another_sacrebleu_is_another_score(monkeypatch: pytest.MonkeyPatch) -> None:
    before = metric_key(Bleu())
    assert "sacrebleu" in identity.versions_behind("harness_metrics.bleu")
    identity.versions_behind.cache_clear()
    monkeypatch.setattr(identity, "version", lambda name: "9.9")
    assert metric_key(Bleu()) != before
    monkeypatch.undo()
    identity.versions_behind.cache_clear()
    assert metric_key(Bleu()) == before != metric_key(Bleu(lowercase=True))


def test_bits_per_byte_are_a_ratio_of_sums_over_sentences(tmp_path: Path) -> None:
    """The jackknife by hand: the score without each sentence, which weighs by its bytes."""
    sums = {
        "nats": [1.0, 4.0, 2.5],
        "right": [2.0, 1.0, 0.0],
        "tokens": [2.0, 4.0, 3.0],
        "bytes": [8, 10, 5],
    }
    (tmp_path / "by_sentence.json").write_text(json.dumps(sums))
    scores = {"nll": 7.5 / 9, "bits_per_byte": 7.5 / 23 / np.log(2)}
    sentences, _ = over_sentences([], metrics=[], folder=tmp_path, scores=scores)
    without = np.array([6.5 / 15, 3.5 / 13, 5 / 18]) / np.log(2)
    expected = 2 * (without.mean() - without)
    assert sentences["bits_per_byte"].influence == pytest.approx(expected)
    assert set(sentences) == set(scores)


def test_without_a_byte_in_some_sample_the_other_scores_are_resampled(tmp_path: Path) -> None:
    sums = {"nats": [1.0, 4.0], "right": [2.0, 1.0], "tokens": [2.0, 4.0], "bytes": [0, 10]}
    (tmp_path / "by_sentence.json").write_text(json.dumps(sums))
    scores = {"nll": 5 / 6, "bits_per_byte": 0.5 / np.log(2)}
    sentences, faults = over_sentences([], metrics=[], folder=tmp_path, scores=scores)
    assert (set(sentences), faults) == ({"nll"}, [])
