"""Held against sacrebleu's command line, signature included, and one line by hand."""

from __future__ import annotations

import pytest
from sacrebleu import __version__

from harness_metrics.chrf import Chrf

SIGNATURE = f"nrefs:1|case:mixed|eff:yes|nc:6|nw:0|space:no|version:{__version__}"


@pytest.mark.parametrize(
    ("metric", "options"),
    [
        (Chrf(), ()),
        (Chrf(word_order=2), ("--chrf-word-order", "2")),
        (Chrf(char_order=3, lowercase=True), ("--chrf-char-order", "3", "--chrf-lowercase")),
    ],
)
def test_chrf_equals_the_score_of_sacrebleus_command_line(metric, options, text, sacrebleu) -> None:
    ours, theirs = metric.build()(*text), sacrebleu(text, "-m", "chrf", *options)
    assert ours.value == pytest.approx(theirs.value, abs=1e-9)
    assert ours.signature == theirs.signature
    assert 10 < ours.value < 90


def test_chrf_of_a_line_equals_a_computation_by_hand() -> None:
    # Precisions 1 and 1, recalls 2/3 and 1/2; spaces are ignored.
    precision, recall = 1, (2 / 3 + 1 / 2) / 2
    expected = 100 * 5 * precision * recall / (4 * precision + recall)
    score = Chrf(char_order=2).build()(["a b"], ["ab c"])
    assert score.value == pytest.approx(expected, abs=1e-9)


def test_recall_weighs_more_than_precision() -> None:
    score = Chrf().build()
    longer, shorter = ["a brown dog runs fast"], ["a brown dog"]
    assert score(longer, shorter).value > score(shorter, longer).value


def test_empty_hypotheses_score_0() -> None:
    assert Chrf().build()(["", ""], ["a man .", "a dog ."]) == (0, SIGNATURE)
