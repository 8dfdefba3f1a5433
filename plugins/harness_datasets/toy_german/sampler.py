"""Random noun phrases that make sense, with fitting determiners and adjectives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Self, TypeVar

from harness_datasets.toy_german.actions import ADJECTIVES_OF, HUMAN, NOUNS_OF
from harness_datasets.toy_german.phrases import (
    BARE,
    DETERMINERS,
    PRONOUNS,
    Determiner,
    Nominal,
    name,
    noun_phrase,
)
from harness_datasets.toy_german.words import Noun

Word = TypeVar("Word")

_NAMES = (name("Anna", pronoun_key="sie she"), name("Paul", pronoun_key="er he"))
_AS_SUBJECT = tuple(PRONOUNS[key] for key in ("er he", "sie she", "sie they", "ich I", "wir we"))
# Without "sie they": as an object "sie" is always "her", so that a sentence has one translation.
_AS_OBJECT = tuple(PRONOUNS[key] for key in ("er he", "sie she", "ich I", "wir we"))
_OWNED = frozenset({"animal", "reading", "clothing", "thing", "vehicle", "room"})
_FAMILY = frozenset({"sibling", "parent"})


def _choices(words: str) -> tuple[Determiner, ...]:
    return tuple(BARE if word == "-" else DETERMINERS[word] for word in words.split())


# Repetitions are weights: a determiner is as likely as it is frequent in its row.
_FAMILIAR = _choices("mein mein mein unser unser dein")
_KNOWN = _choices("der der der der dies")
_ONE = _choices("der der der der der ein ein ein ein dies")
_SEVERAL = _choices("der der der der - - viel viel zwei drei dies")
_UNCOUNTED = _choices("der - - -")


@dataclass(frozen=True, kw_only=True)
class Sampler:
    """Draws from one `random.Random`; `detail` is the probability of an adjective."""

    random: Random
    detail: float = 0.35

    def without_adjectives(self) -> Self:
        """A sampler with the same source of randomness, but without adjectives."""
        return replace(self, detail=0.0)

    def chance(self, probability: float) -> bool:
        """Draw True with this probability."""
        return self.random.random() < probability

    def pick(self, words: Sequence[Word]) -> Word:
        """Draw one of these, early ones more often than late ones, like common words."""
        return words[int(len(words) * self.random.random() ** 1.5)]

    def subject(self, kinds: Sequence[str], *, known: bool = False) -> Nominal:
        """Draw a subject; if `known`, without an indefinite determiner."""
        kind = self.random.choice(kinds)
        if kind in HUMAN and self.chance(0.4):
            return self.random.choice(_AS_SUBJECT if self.chance(0.65) else _NAMES)
        noun = self.pick(NOUNS_OF[kind])
        return self.phrase(noun, plural=self.draw_plural(noun), known=known)

    def object(self, kinds: Sequence[str], *, subject: Nominal, known: bool = False) -> Nominal:
        """Draw an object, sometimes with the subject's possessive."""
        kind = self.random.choice(kinds)
        if kind in HUMAN and self.chance(0.2):
            pronoun = self.random.choice(_AS_OBJECT)
            # Of one person, both could be the same people, and German would need sich.
            if not (subject.pronoun and subject.person == pronoun.person):
                return pronoun
        noun = self.pick(NOUNS_OF[kind])
        while kind in HUMAN and subject.english.endswith(f" {noun.english}"):
            noun = self.pick(NOUNS_OF[kind])
        plural = self.draw_plural(noun) or (kind == "clothing" and subject.plural)
        owned = (kind in _OWNED and self.chance(0.25)) or (kind in _FAMILY and self.chance(0.5))
        determiner = subject.possessive if owned else None
        return self.phrase(noun, determiner=determiner, plural=plural, known=known)

    def negated_object(self, kinds: Sequence[str]) -> Nominal:
        """Draw an object with kein."""
        noun = self.pick(NOUNS_OF[self.random.choice(kinds)])
        return self.phrase(noun, determiner=DETERMINERS["kein"], plural=self.draw_plural(noun))

    def draw_plural(self, noun: Noun) -> bool:
        """Draw singular or plural; always singular if the noun has no plural."""
        return bool(noun.plural) and noun.kind != "room" and self.chance(0.25)

    def phrase(
        self,
        noun: Noun,
        *,
        determiner: Determiner | None = None,
        plural: bool = False,
        known: bool = False,
    ) -> Nominal:
        """A noun with a determiner, by default a random one, and sometimes a fitting adjective."""
        fitting = ADJECTIVES_OF[noun.kind]
        described = fitting and self.chance(self.detail)
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
