"""Bits per byte against closed forms, on references whose bytes are counted by hand."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import pytest
import torch
from support.tiny_experiment import BUDGET, experiment

from harness.components import Dataset, Tokenizer
from harness.contracts import Corpus, Pair
from harness.training.assembly import Assembly, assemble
from harness.training.batches import encode_scored
from harness.training.evaluation import measure, teacher_forced
from harness.training.task import vocabulary
from harness_tokenizers import Bpe, Char, Word

TRAIN = ("fünf rote Äpfel", "rote Äpfel .", "fünf und rote", "und Äpfel")
TEST = ("rote Äpfel und", "fünf")
BYTES = 14 + 1 + 5  # characters, and one byte more for each of Ä and ü


@dataclass(frozen=True, kw_only=True)
class Lines(Dataset):
    """References without sources."""

    name = "lines"
    test: tuple[str, ...] = TEST

    def build(self) -> Corpus:
        train, test = ([Pair("", line) for line in lines] for lines in (TRAIN, self.test))
        return Corpus(train=train, validation=test, test=test, continues=True)


def parts_of(tokenizer: Tokenizer, *, test: tuple[str, ...] = TEST) -> Assembly:
    budget = replace(BUDGET, precision="float64")
    return assemble(
        experiment(dataset=Lines(test=test), tokenizer=tokenizer, budget=budget), seed=1
    )


@pytest.mark.parametrize(
    ("tokenizer", "tokens", "classes"),
    [
        # Characters with an end of sentence each; f ü n r o t e Ä p l u d . and a space.
        (Char(), 14 + 4 + 2, 4 + 14),
        # Words with an end of sentence each.
        (Word(), 3 + 1 + 2, 4 + 5),
    ],
)
def test_a_uniform_model_costs_the_logarithm_of_its_classes_a_token(
    tokenizer: Tokenizer, tokens: int, classes: int
) -> None:
    parts = parts_of(tokenizer)
    with torch.no_grad():
        for parameter in parts.model.parameters():
            parameter.zero_()
    scores = teacher_forced(parts, pairs=parts.task.test)
    assert scores.bytes == BYTES == sum(len(line.encode()) for line in TEST)
    assert scores.bits_per_byte == pytest.approx(tokens * math.log2(classes) / BYTES, rel=1e-12)


def test_it_is_the_nll_of_all_tokens_in_other_units() -> None:
    for tokenizer in (Char(), Word(), Bpe(largest=30)):
        parts = parts_of(tokenizer)
        rows = {row.metric: row.value for row in measure(parts, split="validation", update=0)}
        tokens = sum(len(target) - 1 for target in parts.task.validation.targets)
        bits = rows["nll"] * tokens / math.log(2)
        assert rows["bits_per_byte"] == pytest.approx(bits / BYTES, rel=1e-12)


@pytest.mark.parametrize(
    ("tokenizer", "test", "altered"),
    [
        (Char(), ("fünf xx", "fünf"), 1),  # unknown characters
        (Char(lowercase=True), ("rote Äpfel", "fünf"), 1),
        (Word(), ("fünf  rote", "rote ", "rote"), 2),  # spacing
        (Word(), ("fünf gelbe", "gelbe", "rote"), 2),
        (Bpe(largest=30), ("fünf x", "fünf"), 1),
        (Bpe(largest=30), ("fünf  rote ", "rote"), 0),
    ],
)
def test_there_is_none_where_tokens_do_not_give_the_references_back(
    tokenizer: Tokenizer, test: tuple[str, ...], altered: int
) -> None:
    parts = parts_of(tokenizer, test=test)
    assert parts.task.test.altered == altered
    scores = teacher_forced(parts, pairs=parts.task.test)
    assert ("bits_per_byte" in scores.by_name()) == (altered == 0)
    assert {"nll", "perplexity", "token_accuracy"} <= scores.by_name().keys()


def test_text_that_reads_like_the_unknown_token_is_not_given_back_by_it() -> None:
    @dataclass(frozen=True)
    class Only:
        """A codec to which all is unknown."""

        size: int = 4

        def encode(self, line: str) -> list[int]:
            return [3]

        def decode(self, tokens: object) -> str:
            return "<unk>"

    codecs = vocabulary(experiment(dataset=Lines(), tokenizer=Char()))._replace(target=Only())
    assert encode_scored([Pair("", "<unk>")], codecs=codecs).altered == 1


def test_without_a_byte_to_divide_by_there_is_none() -> None:
    parts = parts_of(Char(), test=("", ""))
    scores = teacher_forced(parts, pairs=parts.task.test).by_name()
    assert "bits_per_byte" not in scores
    assert scores["nll"] > 0
