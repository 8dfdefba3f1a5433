"""The data of a run: a corpus, its vocabulary, the encoded splits, and the order of the batches."""

from __future__ import annotations

from dataclasses import dataclass

from harness.contracts import Codecs, Corpus
from harness.study.experiment import Experiment
from harness.training import guards
from harness.training.batches import EncodedPairs, Order, encode, encode_scored


@dataclass(frozen=True, kw_only=True)
class Task:
    """The data of a run, as text and as token numbers."""

    corpus: Corpus
    codecs: Codecs
    train: EncodedPairs
    validation: EncodedPairs
    test: EncodedPairs

    @property
    def altered(self) -> str:
        """The references that tokens do not give back exactly, counted in words; else empty."""
        for name, pairs in (("test", self.test), ("validation", self.validation)):
            if pairs.altered:
                return f"{pairs.altered} of {len(pairs.targets)} references of the {name} split"
        return ""


def vocabulary(experiment: Experiment) -> Codecs:
    """The codecs that an experiment learns from its own corpus."""
    return guards.tokenizer(experiment.tokenizer, corpus=guards.dataset(experiment.dataset))


def prepare(experiment: Experiment, *, codecs: Codecs | None = None) -> Task:
    """Build the corpus and, unless `codecs` are given, the vocabulary; encode every split."""
    corpus = guards.dataset(experiment.dataset)
    codecs = codecs or guards.tokenizer(experiment.tokenizer, corpus=corpus)
    return Task(
        corpus=corpus,
        codecs=codecs,
        train=encode(corpus.train, codecs=codecs),
        validation=encode_scored(corpus.validation, codecs=codecs),
        test=encode_scored(corpus.test, codecs=codecs),
    )


def batch_order(experiment: Experiment, *, seed: int, task: Task) -> Order:
    """The batches that a run trains on, in their order."""
    return Order(
        lengths=task.train.lengths(),
        batch_tokens=experiment.budget.batch_tokens,
        seed=seed,
        replicate=experiment.replicate,
    )
