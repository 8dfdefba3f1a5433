"""Inflection of German articles, adjectives, nouns and verbs, and of English verbs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from harness_datasets.toy_german.words import Column, Noun, Verb

Case = Literal["nominative", "accusative", "dative"]

CASES: tuple[Case, ...] = ("nominative", "accusative", "dative")
_COLUMNS: tuple[Column, ...] = ("masculine", "feminine", "neuter", "plural")
_EIN_WORDS = frozenset({"ein", "kein", "mein", "dein", "sein", "ihr", "unser"})
_UNINFLECTED = frozenset({"", "zwei", "drei"})
_VOWELS = frozenset("aeiou")


def _endings(*lines: str) -> Mapping[tuple[Case, Column], str]:
    return {
        (case, column): cell.strip("-")
        for case, line in zip(CASES, lines, strict=True)
        for column, cell in zip(_COLUMNS, line.split(), strict=True)
    }


# Rows are nominative, accusative and dative; columns masculine, feminine, neuter and plural.
_DER = _endings("der die das die", "den die das die", "dem der dem den")
_LIKE_EIN = _endings("- e - e", "en e - e", "em er em en")
_STRONG = _endings("er e es e", "en e es e", "em er em en")
_WEAK = _endings("e e e en", "en e e en", "en en en en")
_MIXED = _endings("er e es en", "en e es en", "en en en en")


def determiner_form(word: str, *, case: Case, column: Column) -> str:
    """Inflect ``der``, ``dies``, ``ein``, ``mein``, ``viel``, ``zwei`` ...; empty stays empty."""
    if word in _UNINFLECTED:
        return word
    if word == "der":
        return _DER[case, column]
    return word + (_LIKE_EIN if word in _EIN_WORDS else _STRONG)[case, column]


def adjective_form(stem: str, *, after: str, case: Case, column: Column) -> str:
    """Inflect an adjective: weak after ``der`` and ``dies``, mixed after ``ein``, else strong."""
    weak = after in {"der", "dies"}
    endings = _WEAK if weak else _MIXED if after in _EIN_WORDS else _STRONG
    return stem + endings[case, column]


def noun_form(noun: Noun, *, case: Case, plural: bool) -> str:
    """Inflect a noun; the dative plural adds an n unless it ends in n or s."""
    if plural:
        bare = case != "dative" or noun.plural.endswith(("n", "s"))
        return noun.plural if bare else noun.plural + "n"
    return noun.singular if case == "nominative" else noun.oblique


def finite_form(verb: Verb, *, person: int, plural: bool) -> str:
    """The present tense, without a separable prefix; there is no second person plural here."""
    if verb.plain == "sein":
        return "sind" if plural else ("bin", "bist", "ist")[person - 1]
    if plural:
        return verb.plain
    if person == 1:
        # Without a t, as in kann and weiß, the first person is the same as the third.
        regular = verb.third.endswith("t")
        # Both -en (gehen, gehe) and -n (füttern, füttere).
        return verb.plain.removesuffix("n").removesuffix("e") + "e" if regular else verb.third
    if person == 2:
        stem = verb.third.removesuffix("t")
        # The s of -st is lost after a sibilant: du liest, du sitzt.
        return stem + ("t" if stem.endswith(("s", "ß", "z")) else "st")
    return verb.third


def third_person(base: str) -> str:
    """Add the English s to the first word: ``has to``, ``goes shopping``, ``tidies``."""
    word, space, rest = base.partition(" ")
    if word == "have":
        word = "has"
    elif word[-1] == "y" and word[-2] not in _VOWELS:
        word = word[:-1] + "ies"
    else:
        word += "es" if word.endswith(("s", "sh", "ch", "x", "o")) else "s"
    return word + space + rest


def indefinite_article(following: str) -> str:
    """``a`` or ``an``, by the first letter of the next word."""
    # The letter is enough, since the lexicon has no word like "hour" or "university".
    return "an" if following[0] in _VOWELS else "a"
