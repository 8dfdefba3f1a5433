"""Held against sacrebleu's command line, signature included, and edits counted by hand."""

from __future__ import annotations

import pytest
from sacrebleu import __version__

from harness_metrics.ter import Ter

SIGNATURE = f"nrefs:1|case:lc|tok:tercom|norm:no|punct:yes|asian:no|version:{__version__}"


@pytest.mark.parametrize(
    ("metric", "options"),
    [
        (Ter(), ()),
        (
            Ter(case_sensitive=True, normalized=True, asian_support=True, no_punct=True),
            (
                *("--ter-case-sensitive", "--ter-normalized", "--ter-asian-support"),
                "--ter-no-punct",
            ),
        ),
    ],
)
def test_ter_equals_the_score_of_sacrebleus_command_line(metric, options, text, sacrebleu) -> None:
    ours, theirs = metric.build()(*text), sacrebleu(text, "-m", "ter", *options)
    assert ours.value == pytest.approx(theirs.value, abs=1e-9)
    assert ours.signature == theirs.signature
    assert 10 < ours.value < 90


def test_ter_of_three_lines_equals_edits_counted_by_hand() -> None:
    # A shift of two words and a substitution; an insertion; two deletions. 6 + 4 + 1 words.
    hypotheses = ["on mondays we go to town", "the cat sat", "a b c"]
    references = ["we walk to town on mondays", "the black cat sat", "b"]
    assert Ter().build()(hypotheses, references) == (pytest.approx(100 * 5 / 11), SIGNATURE)


def test_case_and_punctuation_matter_only_if_asked() -> None:
    lines = ["A man walks."], ["a man walks"]
    assert Ter().build()(*lines).value == pytest.approx(100 / 3)  # "walks." is another word
    assert Ter(case_sensitive=True).build()(*lines).value == pytest.approx(200 / 3)
    assert Ter(no_punct=True).build()(*lines).value == 0


@pytest.mark.parametrize(
    ("hypotheses", "references", "value"),
    [
        (["", ""], ["a man .", "a dog ."], 100.0),  # every word is to be inserted
        (["a b c d"], ["a"], 300.0),  # no upper bound
        (["a b", "c"], ["", "c"], 200.0),  # words of an empty reference's hypothesis count
        (["x"], [""], 100.0),  # as sacrebleu has it, where no reference has a word
        ([""], [""], 0.0),
    ],
)
def test_empty_lines_and_long_ones(hypotheses, references, value) -> None:
    assert Ter().build()(hypotheses, references).value == pytest.approx(value)
