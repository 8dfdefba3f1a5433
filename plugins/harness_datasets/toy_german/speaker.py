"""The choices of somebody who talks sense: who and what, with which article and adjective."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Self, TypeVar

from harness_datasets.toy_german.phrases import (
    BARE,
    DETERMINERS,
    PRONOUNS,
    Determiner,
    Nominal,
    name,
    noun_phrase,
)
from harness_datasets.toy_german.sense import ADJECTIVES_OF, HUMAN, NOUNS_OF
from harness_datasets.toy_german.words import Noun

Word = TypeVar("Word")

_NAMES = (name("Anna", again="sie she"), name("Paul", again="er he"))
_AS_SUBJECT = tuple(PRONOUNS[each] for each in ("er he", "sie she", "sie they", "ich I", "wir we"))
# "sie" as an object is always "her": a sentence has one translation.
_AS_OBJECT = tuple(PRONOUNS[each] for each in ("er he", "sie she", "ich I", "wir we"))
_OWNED = frozenset({"animal", "reading", "clothing", "thing", "vehicle", "room"})
_FAMILY = frozenset({"sibling", "parent"})


def _choices(words: str) -> tuple[Determiner, ...]:
    return tuple(BARE if word == "-" else DETERMINERS[word] for word in words.split())


# A determiner is as likely as it is often in its row.
_FAMILIAR = _choices("mein mein mein unser unser dein")
_KNOWN = _choices("der der der der dies")
_ONE = _choices("der der der der der ein ein ein ein dies")
_SEVERAL = _choices("der der der der - - viel viel zwei drei dies")
_UNCOUNTED = _choices("der - - -")


@dataclass(frozen=True, kw_only=True)
class Speaker:
    """Draws everything from one `random.Random`; `detail` says how often a noun is described."""

    random: Random
    detail: float = 0.35

    def briefly(self) -> Self:
        """The same, who describes nothing."""
        return replace(self, detail=0.0)

    def likely(self, probability: float) -> bool:
        """Whether it happens this time."""
        return self.random.random() < probability

    def pick(self, words: Sequence[Word]) -> Word:
        """One of these, an early one more often than a late one, as common words are."""
        return words[int(len(words) * self.random.random() ** 1.5)]

    def subject(self, kinds: Sequence[str], *, known: bool = False) -> Nominal:
        """Who or what does it; one that is `known` has no "a" or "many"."""
        kind = self.random.choice(kinds)
        if kind in HUMAN and self.likely(0.4):
            return self.random.choice(_AS_SUBJECT if self.likely(0.65) else _NAMES)
        noun = self.pick(NOUNS_OF[kind])
        return self.phrase(noun, plural=self.several(noun), known=known)

    def object(self, kinds: Sequence[str], *, subject: Nominal, known: bool = False) -> Nominal:
        """Whom or what it is done to; sometimes the subject's own."""
        kind = self.random.choice(kinds)
        if kind in HUMAN and self.likely(0.2):
            pronoun = self.random.choice(_AS_OBJECT)
            if not (subject.pronoun and subject.person == pronoun.person):
                return pronoun
        noun = self.pick(NOUNS_OF[kind])
        while kind in HUMAN and subject.english.endswith(f" {noun.english}"):
            noun = self.pick(NOUNS_OF[kind])
        plural = self.several(noun) or (kind == "clothing" and subject.plural)
        own = (kind in _OWNED and self.likely(0.25)) or (kind in _FAMILY and self.likely(0.5))
        determiner = subject.own if own else None
        return self.phrase(noun, determiner=determiner, plural=plural, known=known)

    def none_of(self, kinds: Sequence[str]) -> Nominal:
        """What it is not done to: none at all."""
        noun = self.pick(NOUNS_OF[self.random.choice(kinds)])
        return self.phrase(noun, determiner=DETERMINERS["kein"], plural=self.several(noun))

    def several(self, noun: Noun) -> bool:
        """Whether there is more than one of it."""
        return bool(noun.plural) and noun.kind != "room" and self.likely(0.25)

    def phrase(
        self,
        noun: Noun,
        *,
        determiner: Determiner | None = None,
        plural: bool = False,
        known: bool = False,
    ) -> Nominal:
        """A noun with an article or the like, and perhaps an adjective that suits it."""
        fitting = ADJECTIVES_OF[noun.kind]
        described = fitting and self.likely(self.detail)
        return noun_phrase(
            noun,
            determiner=determiner or self._determiner(noun, plural=plural, known=known),
            adjective=self.pick(fitting) if described else None,
            plural=plural,
        )

    def _determiner(self, noun: Noun, *, plural: bool, known: bool) -> Determiner:
        if noun.kind in _FAMILY:
            return self.random.choice(_FAMILIAR)
        if known:
            return self.random.choice(_KNOWN)
        indefinite = _SEVERAL if plural else _ONE if noun.plural else _UNCOUNTED
        return self.random.choice(indefinite)
