"""Entries of the lexicon, and parsers for its tables."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, NamedTuple, Self

Column = Literal["masculine", "feminine", "neuter", "plural"]

_GENDERS: Mapping[str, Column] = {"der": "masculine", "die": "feminine", "das": "neuter"}


def rows(table: str) -> Iterator[list[str]]:
    """The cells of every row, separated by two or more spaces; a dash is an empty cell."""
    for line in table.strip().splitlines():
        yield ["" if cell == "-" else cell for cell in re.split(r" {2,}", line.strip())]


class Noun(NamedTuple):
    """A noun in both languages; `plural` is empty for uncountable nouns such as milk.

    `oblique` is the singular of the accusative and the dative, which differs from the nominative
    for weak nouns only. `pronoun` is the English one, empty if none sounds natural.
    """

    kind: str
    gender: Column
    singular: str
    oblique: str
    plural: str
    english: str
    english_plural: str
    pronoun: str

    @classmethod
    def read(cls, row: Sequence[str], *, kind: str) -> Self:
        """Parse a row such as ``der Junge, den Jungen   die Jungen   boy, boys   he``."""
        german, plural, english, *pronoun = row
        singular, _, oblique = german.partition(", ")
        article, word = singular.split()
        english_singular, _, english_plural = english.partition(", ")
        return cls(
            kind,
            _GENDERS[article],
            word,
            oblique.removeprefix("den ") or word,
            plural.removeprefix("die "),
            english_singular,
            english_plural,
            pronoun[0] if pronoun else "it",
        )


class Place(NamedTuple):
    """A noun for a place, with its prepositions of location (rest) and direction (motion)."""

    noun: Noun
    rest: str
    motion: str
    english_rest: str
    english_motion: str

    @classmethod
    def read(cls, row: Sequence[str], *, kind: str) -> Self:
        """Parse a row such as ``das Haus   die Häuser   house, houses   in, in   in, into``."""
        *noun, german, english = row
        return cls(Noun.read(noun, kind=kind), *german.split(", "), *english.split(", "))


class Adjective(NamedTuple):
    """An adjective and the kinds of noun that it may describe; endings are added to `stem`."""

    german: str
    stem: str
    english: str
    kinds: frozenset[str]


class Time(NamedTuple):
    """An adverb of time: `inside` the English verb or at the end; `first` if it may come first."""

    german: str
    english: str
    inside: bool
    first: bool


class Verb(NamedTuple):
    """The principal parts of a verb; a star in the English ones is the place of the objects.

    `plain` is the infinitive without its separable `prefix`. A stative verb has no `progressive`
    ("needs", never "is needing"); a verb not used in the past tense has no `past`.
    """

    prefix: str
    plain: str
    third: str
    participle: str
    auxiliary: Literal["haben", "sein"]
    base: str
    past: str
    progressive: str

    @classmethod
    def read(cls, row: Sequence[str]) -> Self:
        """Parse a row such as ``an|kommen  kommt  ist angekommen  arrive  arrived  arriving``."""
        infinitive, third, perfect, base, past, progressive = row
        prefix, _, plain = infinitive.rpartition("|")
        participle = perfect.removeprefix("ist ")
        auxiliary: Literal["haben", "sein"] = "haben" if participle == perfect else "sein"
        return cls(prefix, plain, third, participle, auxiliary, base, past, progressive)

    @property
    def infinitive(self) -> str:
        """The infinitive, as in a dictionary."""
        return self.prefix + self.plain


class Modal(NamedTuple):
    """A modal verb, and its English equivalent before an infinitive."""

    verb: Verb
    english: str
