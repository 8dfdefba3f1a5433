"""What the tables of the lexicon hold, and how their rows are read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, NamedTuple, Self

Column = Literal["masculine", "feminine", "neuter", "plural"]

_GENDERS: Mapping[str, Column] = {"der": "masculine", "die": "feminine", "das": "neuter"}


def rows(table: str) -> Iterator[list[str]]:
    """The cells of every row: two spaces or more part them, and a dash is an empty one."""
    for line in table.strip().splitlines():
        yield ["" if cell == "-" else cell for cell in re.split(r" {2,}", line.strip())]


class Noun(NamedTuple):
    """A noun in both languages; `plural` is empty for what is not counted, such as milk.

    `oblique` is the singular of the accusative and the dative, which only weak nouns tell apart
    from the nominative. `pronoun` is the English one, empty where none is natural.
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
        """A row such as ``der Junge, den Jungen   die Jungen   boy, boys   he``."""
        german, plural, english, *pronoun = row
        singular, _, oblique = german.partition(", ")
        article, word = singular.split()
        one, _, many = english.partition(", ")
        return cls(
            kind,
            _GENDERS[article],
            word,
            oblique.removeprefix("den ") or word,
            plural.removeprefix("die "),
            one,
            many,
            pronoun[0] if pronoun else "it",
        )


class Place(NamedTuple):
    """A noun where things are or go, with its prepositions at rest and in motion."""

    noun: Noun
    rest: str
    motion: str
    english_rest: str
    english_motion: str

    @classmethod
    def read(cls, row: Sequence[str], *, kind: str) -> Self:
        """A row such as ``das Haus   die Häuser   house, houses   in, in   in, into``."""
        *noun, german, english = row
        return cls(Noun.read(noun, kind=kind), *german.split(", "), *english.split(", "))


class Adjective(NamedTuple):
    """An adjective, and the kinds of noun that it may describe; endings go to `stem`."""

    german: str
    stem: str
    english: str
    kinds: frozenset[str]


class Time(NamedTuple):
    """An adverb of time: `inside` the English verb, or at the end; `first` if it may open."""

    german: str
    english: str
    inside: bool
    first: bool


class Verb(NamedTuple):
    """A verb's principal parts; a star in the English ones is where the objects stand.

    `plain` is the infinitive without its separable `prefix`. A verb of state has no `progressive`
    ("needs", never "is needing"); what cannot be said of the past has no `past`.
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
        """A row such as ``an|kommen   kommt   ist angekommen   arrive   arrived   arriving``."""
        infinitive, third, perfect, base, past, progressive = row
        prefix, _, plain = infinitive.rpartition("|")
        participle = perfect.removeprefix("ist ")
        auxiliary: Literal["haben", "sein"] = "haben" if participle == perfect else "sein"
        return cls(prefix, plain, third, participle, auxiliary, base, past, progressive)

    @property
    def infinitive(self) -> str:
        """As a dictionary has it."""
        return self.prefix + self.plain


class Modal(NamedTuple):
    """A modal verb, and what English says for it before an infinitive."""

    verb: Verb
    english: str
