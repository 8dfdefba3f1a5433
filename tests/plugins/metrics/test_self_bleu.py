"""Held against sacrebleu's BLEU of each line with every other as a reference, and one by hand."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from sacrebleu.metrics.bleu import BLEU

from harness_metrics.self_bleu import SelfBleu

SIGNATURE = "order:4|case:mixed|eff:yes|tok:13a|smooth:floor[0.1]"


def self_bleu(lines: Sequence[str], *, order: int = 4) -> float:
    return SelfBleu(order=order).build()(lines, [""] * len(lines)).value


def pair_by_pair(lines: Sequence[str], *, order: int) -> float:
    bleu = BLEU(
        max_ngram_order=order, effective_order=True, smooth_method="floor", smooth_value=0.1
    )
    scores = [
        bleu.sentence_score(line, [*lines[:place], *lines[place + 1 :]]).score
        for place, line in enumerate(lines)
    ]
    return sum(scores) / len(scores)


@pytest.mark.parametrize("order", [1, 2, 4, 5])
def test_the_score_equals_one_with_all_other_lines_as_references(order: int, text) -> None:
    choose = random.Random(order)
    for _ in range(15):
        lines = [" ".join(choose.choices("abc", k=choose.randint(0, 8))) for _ in range(6)]
        assert self_bleu(lines, order=order) == pytest.approx(pair_by_pair(lines, order=order))
    lines = [*text.references, *text.hypotheses]
    expected = pair_by_pair(lines, order=order)
    assert self_bleu(lines, order=order) == pytest.approx(expected)
    assert 5 < expected < 95


def test_the_score_of_three_lines_equals_a_computation_by_hand() -> None:
    # "a a b": a matches once, b once, of 3; "a b" is one of 2 bigrams. "a b c d": a and b of 4,
    # "a b" of 3. "x y": nothing. Nearest lengths are 2, 3 and 3.
    first = (2 / 3 * 1 / 2) ** 0.5
    second = (2 / 4 * 1 / 3) ** 0.5
    score = SelfBleu(order=2).build()(["a a b", "a b c d", "x y"], ["", "", ""])
    assert score.value == pytest.approx(100 * (first + second + 0) / 3)


def test_equal_lines_resemble_each_other_whole_and_different_ones_not_at_all() -> None:
    assert SelfBleu().build()(["a b c d e"] * 3, [""] * 3) == (pytest.approx(100), SIGNATURE)
    assert self_bleu(["a b c d", "e f g h"]) == 0


@pytest.mark.parametrize("lines", [["a b c d"], [""], ["", ""]])
def test_lines_that_nothing_can_resemble_score_0(lines: list[str]) -> None:
    assert self_bleu(lines) == 0
