"""Held against sacrebleu's command line, signature included, and two lines by hand."""

from __future__ import annotations

import math

import pytest
from sacrebleu import __version__

from harness_metrics.bleu import Bleu

SIGNATURE = f"nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:{__version__}"


@pytest.mark.parametrize(
    ("metric", "options"),
    [
        (Bleu(), ()),
        (Bleu(lowercase=True), ("-lc",)),
        (Bleu(tokenize="char"), ("-tok", "char")),
        (Bleu(tokenize="intl", smooth="floor"), ("-tok", "intl", "-s", "floor")),
    ],
)
def test_bleu_equals_the_score_of_sacrebleus_command_line(metric, options, text, sacrebleu) -> None:
    ours, theirs = metric.build()(*text), sacrebleu(text, "-m", "bleu", *options)
    assert ours.value == pytest.approx(theirs.value, abs=1e-9)
    assert ours.signature == theirs.signature
    assert 10 < ours.value < 90


def test_bleu_of_two_lines_equals_a_computation_by_hand() -> None:
    # Matching n-grams: 5 + 2 of 6 + 3, 3 + 1 of 5 + 2, 1 + 0 of 4 + 1, and 0 of 3, which counts as
    # 1 / 2; "the" occurs once in the second reference. 9 tokens against 10.
    score = Bleu().build()(
        ["the cat sat on the mat", "the the dog"], ["the cat is on the mat", "see the dog run"]
    )
    precisions = (7 / 9, 4 / 7, 1 / 5, 1 / 2 / 3)
    expected = 100 * math.exp(1 - 10 / 9) * math.prod(precisions) ** (1 / 4)
    assert score.value == pytest.approx(expected, abs=1e-9)
    assert score.signature == SIGNATURE


def test_case_matters_unless_lowercased() -> None:
    lines = ["A MAN WALKS ALONG"], ["a man walks along"]
    assert Bleu().build()(*lines).value == 0
    assert Bleu(lowercase=True).build()(*lines).value == pytest.approx(100)


def test_effective_order_allows_lines_shorter_than_four_words() -> None:
    lines = ["two words"], ["two words"]
    assert Bleu().build()(*lines).value == pytest.approx(0)
    assert Bleu(effective_order=True).build()(*lines).value == pytest.approx(100)


def test_empty_hypotheses_score_0() -> None:
    assert Bleu().build()(["", ""], ["a man .", "a dog ."]) == (0, SIGNATURE)


def test_blank_lines_on_either_side_count_their_words_and_no_more() -> None:
    """By hand: 7 words against 10; of the n-grams, 5 of 7, 4 of 5, 3 of 3 and 2 of 2 match."""
    hypotheses, references = ["a b c d e", "", "x y"], ["a b c d e", "q r s t u", ""]
    by_hand = 100 * math.exp(1 - 10 / 7) * (5 / 7 * 4 / 5) ** 0.25
    assert Bleu().build()(hypotheses, references).value == pytest.approx(by_hand)
    split = Bleu().by_sentence()
    sums = [sum(column) for column in zip(*split.statistics(hypotheses, references), strict=True)]
    assert split.score(sums) == pytest.approx(by_hand)
    assert Bleu().build()(["x"], [""]).value == Bleu().build()([""], ["x"]).value == 0


def test_a_built_metric_keeps_no_state_between_runs() -> None:
    score = Bleu().build()
    first = score(["a b c d e"], ["a b c d f"])
    score(["x", "y"], ["x", "y"])
    assert score(["a b c d e"], ["a b c d f"]) == first
