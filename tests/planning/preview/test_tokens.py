"""What tokenizers let a study compare is said, or refused, before anything trains."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from support.predicted_study import study_of
from support.tiny_experiment import experiment
from support.tiny_study import TINY

from harness import pipeline
from harness.comparability.predicted import expect
from harness.errors import StudyError
from harness.planning.preview.tokens import tokenizer_cautions, with_altered_text
from harness.study.values import Study
from harness_tokenizers import Char, Word


def study(primary: str) -> Study:
    made = study_of(
        baseline=experiment(),
        characters=experiment(tokenizer=Char()),
        rare=experiment(tokenizer=Word(largest=3)),
        wider=experiment(replicate=1),
    )
    return replace(made, compare=replace(made.compare, primary=primary))


@pytest.mark.parametrize("primary", ["nll", "perplexity", "token_accuracy", "updates_to"])
def test_a_primary_metric_that_depends_on_tokens_is_cautioned_of(primary: str) -> None:
    (caution,) = tokenizer_cautions(study(primary))
    assert caution.startswith(f"characters, rare: {primary} depends on tokens")


@pytest.mark.parametrize("primary", ["bits_per_byte", "bleu"])
def test_one_that_does_not_is_not(primary: str) -> None:
    assert not list(tokenizer_cautions(study(primary)))


def test_bits_per_byte_need_tokens_that_give_the_text_back() -> None:
    for primary, at_fault in (("bits_per_byte", {"rare"}), ("nll", set[str]())):
        made = study(primary)
        expected = with_altered_text(made, expected=expect(made, names=[*made.variants], seed=1))
        assert {name for name, facts in expected.items() if facts.fault} == at_fault
    # All but the three most frequent of seven words are unknown, so that no line is whole.
    expected = with_altered_text(study("bits_per_byte"), expected=expected)
    assert "10 of 10 references of the test split" in str(expected["rare"].fault)
    assert expected["rare"].choice == ("tokenizer",)


def test_it_is_refused_at_the_tokenizer_of_its_line(tmp_path: Path) -> None:
    path = tmp_path / "tiny.yaml"
    lower = "no-dropout: {tokenizer: {word: {largest: 3}}}"
    text = TINY.replace("no-dropout: {regularizers: {dropout: off}}", lower)
    text = text.replace("toy_german", "copy")
    path.write_text(text.replace("primary: nll", "primary: bits_per_byte"))
    with pytest.raises(StudyError, match=r"no-dropout: no bits_per_byte: the tokenizer") as refused:
        pipeline.run_study(path, out=tmp_path / "results", seeds=None, jobs=1)
    (fault,) = refused.value.faults
    assert text.splitlines()[int(fault.place.split(":")[1]) - 1].strip() == lower
