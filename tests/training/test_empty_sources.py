"""The encoder-decoder on pairs without a source, as plain text has them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
import torch
from support.tiny_experiment import BUDGET, Counting, experiment

from harness.contracts import EOS, Corpus, Pair
from harness.training.assembly import Assembly, assemble
from harness.training.batches import EncodedPairs
from harness.training.evaluation import teacher_forced, translate
from harness.training.loop import train
from harness_decays.linear import Linear
from harness_decoding_policies.scheduled_sampling import ScheduledSampling
from harness_generations import Beam, Greedy


class Continuing(Counting):
    """The targets alone; every third keeps its source as a prompt if there are `prompts`."""

    name = "continuing"
    prompts = False

    def build(self) -> Corpus:
        plain = super().build()

        def without(pairs: Sequence[Pair]) -> list[Pair]:
            return [
                pair if self.prompts and number % 3 == 0 else pair._replace(source="")
                for number, pair in enumerate(pairs)
            ]

        return Corpus(
            train=without(plain.train),
            validation=without(plain.validation),
            test=without(plain.test),
            continues=True,
        )


class Prompted(Continuing):
    """Prompts beside empty sources, in the same batches."""

    name = "prompted"
    prompts = True


@pytest.fixture(params=[Continuing, Prompted])
def parts(request: pytest.FixtureRequest) -> Assembly:
    return assemble(
        experiment(
            dataset=request.param(),
            budget=replace(BUDGET, precision="float64"),
            decoding_policy=ScheduledSampling(decay=Linear(start=1.0, end=0.5)),
        ),
        seed=1,
    )


def test_it_trains_and_every_score_is_a_number(parts: Assembly) -> None:
    assert any(source.tolist() == [EOS] for source in parts.task.train.sources)
    updates = list(train(parts))
    values = [row.value for update in updates for row in update.measurements]
    assert torch.tensor(values).isfinite().all()
    assert all(weight.isfinite().all() for weight in parts.model.parameters())
    scores = teacher_forced(parts, pairs=parts.task.test).by_name()
    assert scores.keys() == {"nll", "perplexity", "token_accuracy", "bits_per_byte"}
    first = teacher_forced(assemble(parts.experiment, seed=1), pairs=parts.task.test)
    assert scores["nll"] < first.nll


@torch.no_grad()
def test_a_score_does_not_depend_on_the_sources_beside_an_empty_one(parts: Assembly) -> None:
    pairs = parts.task.train
    nats, _, _ = teacher_forced(parts, pairs=pairs).by_sentence
    for row in range(6):
        alone = EncodedPairs(pairs.sources[row : row + 1], pairs.targets[row : row + 1])
        assert nats[row] == pytest.approx(teacher_forced(parts, pairs=alone).by_sentence[0][0])


@pytest.mark.parametrize("generation", [Greedy(extra=4), Beam(extra=4)])
def test_it_writes_from_nothing(parts: Assembly, generation: Greedy | Beam) -> None:
    list(train(parts))
    texts = translate(parts, pairs=parts.task.test, of=generation)
    assert len(texts) == len(parts.task.test.sources)
    empty = {
        text
        for text, source in zip(texts, parts.task.test.sources, strict=True)
        if source.tolist() == [EOS]
    }
    assert len(empty) == 1  # the same model of the same source
