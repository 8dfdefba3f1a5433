"""Dataset `toy_german`: its options and its splits."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Annotated

from annotated_types import Ge, Le

from harness.components import Dataset
from harness.components.options import NonNegativeInt
from harness.contracts import Corpus, Pair, Split
from harness.streams import key
from harness_datasets.toy_german.sentences import Sort, sentence

Count = Annotated[int, Ge(1), Le(100_000)]

_HOMES: tuple[Split, ...] = ("train", "train", "validation", "test")


@dataclass(frozen=True, kw_only=True)
class ToyGerman(Dataset):
    """Everyday German sentences from a small grammar, with their English.

    A few hundred words, and what makes German hard: gender and case on articles and adjectives,
    verb second, verb last in subordinate clauses, separable verbs, nicht and kein, plurals, modal
    verbs, the perfect, prepositions that take two cases, pronouns with the gender of a noun.

    Every sentence belongs to one split, by the hash of its English, and is there at most once. So
    no sentence of one split, German or English, is in another, and each split begins with the
    sentences of any shorter one: studies of different sizes are paired. With a few hundred
    sentences a small model overfits, with thousands it cannot.

    `sort` keeps to main clauses (``statements``), to ``questions``, or to sentences of two clauses
    (``compounds``): a narrower corpus of the same language. A sentence has the same split in all.
    `draw` chooses other sentences; nothing else is random.
    """

    name = "toy_german"

    train: Count = 400
    validation: Count = 200
    test: Count = 200
    draw: NonNegativeInt = 0
    sort: Sort | None = None

    def build(self) -> Corpus:
        return Corpus(
            train=self._split("train", count=self.train),
            validation=self._split("validation", count=self.validation),
            test=self._split("test", count=self.test),
        )

    def _split(self, split: Split, *, count: int) -> list[Pair]:
        random = Random(key(self.draw, "toy_german", split))
        pairs: dict[str, Pair] = {}  # by their English, which the German determines
        while len(pairs) < count:
            pair = sentence(random, sort=self.sort)
            if self._home(pair) == split:
                pairs.setdefault(pair.target, pair)
        return list(pairs.values())

    def _home(self, pair: Pair) -> Split:
        return _HOMES[key(self.draw, "toy_german", "home", pair.target) % len(_HOMES)]
