"""Held against the published examples of rouge-score, Lin's own and all subsequences of a line."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import combinations

import pytest

from harness_metrics.rouge import Rouge

SIGNATURE = "rouge:L|measure:f1|nrefs:1|case:lc|tok:letters-digits|stem:no|unit:percent"


def rouge(hypothesis: str, reference: str) -> float:
    return Rouge().build()([hypothesis], [reference]).value


@pytest.mark.parametrize(
    ("hypothesis", "f1"),
    [("testing one", 4 / 5), ("testing two", 4 / 5), ("", 0.0), ("/", 0.0), ("Testing-ONE", 4 / 5)],
)
def test_the_score_is_that_of_rouge_scores_examples(hypothesis: str, f1: float) -> None:
    assert rouge(hypothesis, "testing one two") == pytest.approx(100 * f1)


@pytest.mark.parametrize(
    ("hypothesis", "longest"),
    [("police kill the gunman", 3), ("the gunman kill police", 2), ("the gunman police killed", 2)],
)
def test_the_score_is_that_of_the_examples_of_the_paper(hypothesis: str, longest: int) -> None:
    """Lin 2004, section 3.1: F1 of 3/4, 2/4 and again 2/4 of the words."""
    assert rouge(hypothesis, "police killed the gunman") == pytest.approx(100 * longest / 4)


def subsequences(words: Sequence[str]) -> set[tuple[str, ...]]:
    return {some for size in range(len(words) + 1) for some in combinations(words, size)}


def test_the_score_equals_one_from_all_subsequences() -> None:
    choose = random.Random(3)
    scores = []
    for _ in range(60):
        lines = [choose.choices("abcd", k=choose.randint(1, 8)) for _ in range(2)]
        common = set.intersection(*map(subsequences, lines))
        precision, recall = (max(map(len, common)) / len(line) for line in lines)
        f1 = 2 * precision * recall / (precision + recall) if common != {()} else 0.0
        scores.append(rouge(" ".join(lines[0]), " ".join(lines[1])))
        assert scores[-1] == pytest.approx(100 * f1)
    assert 0.0 in scores
    assert len(set(scores)) > 10


def test_lines_count_alike_whatever_their_length() -> None:
    """By hand: F1 of 1, 0 and 2 * 2 / (3 + 2)."""
    hypotheses = ["a b c d e f g h", "x", "a x b"]
    references = ["a b c d e f g h", "y z", "a b"]
    assert Rouge().build()(hypotheses, references) == (pytest.approx(60.0), SIGNATURE)


def test_words_are_letters_and_digits_of_any_alphabet() -> None:
    assert rouge("Jürgen fährt, 12 Äpfel!", "jürgen FÄHRT 12 äpfel") == 100
    assert rouge("fährt", "f hrt") == 0  # not cut at a letter beyond a to z
    assert rouge("тест_один", "тест один") == 100
