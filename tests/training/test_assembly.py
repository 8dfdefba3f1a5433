"""A tied matrix needs one vocabulary for both sides, by content and not by size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pytest
import torch
from support.tiny_experiment import Counting, experiment

from harness.components import Dataset, Tokenizer
from harness.contracts import Codec, Codecs, Corpus, Pair
from harness.errors import HarnessError
from harness.study.experiment import Experiment
from harness.training.assembly import assemble
from harness.training.network import vocabularies_of
from harness_models.decoder_only import DecoderOnly
from harness_models.encoder_decoder import EncoderDecoder
from harness_tokenizers.bpe import Bpe
from harness_tokenizers.word import Word


@dataclass(frozen=True, kw_only=True)
class Pairs(Dataset):
    """One pair in every split."""

    name = "pairs"
    source: str
    target: str

    def build(self) -> Corpus:
        """Three splits of one sentence."""
        pairs = [Pair(self.source, self.target)]
        return Corpus(train=pairs, validation=pairs, test=pairs)


def tied(
    dataset: Dataset, *, tokenizer: Tokenizer | None = None, tie: Literal["all", "target"] = "all"
) -> Experiment:
    model = EncoderDecoder(d_model=16, d_ff=32, heads=2, layers=1, tie=tie)
    return experiment(dataset=dataset, tokenizer=tokenizer or Word(), model=model)


@pytest.mark.parametrize(
    ("source", "target", "alike"),
    [
        ("ein Hund bellt", "one dog barks", 4),
        ("a dog", "a cat", 5),
        ("b b a", "a a b", 4),  # the same words, numbered otherwise
        ("x. y", "x . y", 6),  # a full stop with and without a space before it
    ],
)
def test_two_vocabularies_of_one_size_are_refused(source: str, target: str, alike: int) -> None:
    dataset = Pairs(source=source, target=target)
    with pytest.raises(HarnessError, match=rf"tie: all needs one .* of which {alike} are the same"):
        assemble(tied(dataset), seed=1)
    assemble(tied(dataset, tie="target"), seed=1)


def test_one_embedding_needs_one_vocabulary_and_is_there_where_it_is() -> None:
    shape: dict[str, Any] = {"d_model": 16, "d_ff": 32, "heads": 2, "layers": 1}
    apart, alike = Pairs(source="a dog", target="a cat"), Pairs(source="a dog", target="a dog")

    def sides(dataset: Dataset, *, one_embedding: bool | None) -> int:
        model = DecoderOnly(**shape, one_embedding=one_embedding)
        choices = experiment(dataset=dataset, tokenizer=Word(), model=model)
        names = [name for name, _ in assemble(choices, seed=1).model.named_parameters()]
        return sum(name.endswith("_embedding.weight") for name in names)

    assert (sides(apart, one_embedding=None), sides(alike, one_embedding=None)) == (2, 1)
    assert (sides(alike, one_embedding=True), sides(alike, one_embedding=False)) == (1, 2)
    with pytest.raises(HarnessError, match="one_embedding: true needs .* of which 5"):
        sides(apart, one_embedding=True)
    shorter = Pairs(source="a", target="a cat")
    with pytest.raises(HarnessError, match="one_embedding: true needs one vocabulary"):
        sides(shorter, one_embedding=True)


def test_subwords_of_two_languages_are_refused_unless_they_are_shared() -> None:
    dataset = Pairs(source="abc abd", target="xyz xyw")
    with pytest.raises(HarnessError, match=r"got (\d+) source and \1 target classes, of which 5 "):
        assemble(tied(dataset, tokenizer=Bpe(largest=40)), seed=1)
    assemble(tied(dataset, tokenizer=Bpe(largest=40, shared=True)), seed=1)


def test_vocabularies_that_are_learned_apart_and_equal_are_one() -> None:
    parts = assemble(tied(Counting()), seed=1)
    codecs = parts.task.codecs
    assert codecs.source is not codecs.target
    assert parts.model.source_embedding.weight is parts.model.target_embedding.weight
    assert torch.equal(parts.model.projection.weight, parts.model.source_embedding.weight)


def test_a_shared_codec_is_not_asked_for_every_token() -> None:
    class Mute:
        size = 9

        def encode(self, line: str) -> list[int]:
            raise AssertionError(line)

        def decode(self, tokens: Sequence[int]) -> str:
            raise AssertionError(tokens)

    codec: Codec = Mute()
    assert vocabularies_of(Codecs(codec, codec), model=tied(Counting()).model) == (9, 9, True)
