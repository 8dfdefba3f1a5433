"""Noun phrases and pronouns in both languages and all cases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from harness_datasets.toy_german.inflection import (
    CASES,
    Case,
    adjective_form,
    determiner_form,
    indefinite_article,
    noun_form,
)
from harness_datasets.toy_german.words import Adjective, Column, Noun


class Determiner(NamedTuple):
    """An article or another determiner; `german` is the stem for `determiner_form`."""

    german: str
    english: str
    english_plural: str
    definite: bool


class Nominal(NamedTuple):
    """A noun phrase or pronoun, as a subject or an object.

    `german` maps cases to forms. `be` is the form of "to be" that agrees with it in English.
    `possessive` is the determiner that refers back to it, and `pronoun_key` the key in `PRONOUNS`
    of the pronoun that does, empty if no pronoun sounds natural.
    """

    german: Mapping[Case, str]
    english: str
    english_object: str
    person: int
    plural: bool
    be: str
    possessive: Determiner | None = None
    pronoun_key: str = ""
    pronoun: bool = False
    definite: bool = True


_DETERMINERS = (
    Determiner("der", "the", "the", definite=True),
    Determiner("dies", "this", "these", definite=True),
    Determiner("mein", "my", "my", definite=True),
    Determiner("dein", "your", "your", definite=True),
    Determiner("unser", "our", "our", definite=True),
    Determiner("ein", "a", "", definite=False),
    Determiner("kein", "a", "any", definite=False),  # with "not"
    Determiner("viel", "", "many", definite=False),
    Determiner("zwei", "", "two", definite=False),
    Determiner("drei", "", "three", definite=False),
)
BARE = Determiner("", "", "", definite=False)
NO = Determiner("kein", "no", "no", definite=False)  # replaces "not"
DETERMINERS = {determiner.german: determiner for determiner in _DETERMINERS}

# German by case, English as subject and object, "to be", possessives (of people only). The German
# pronoun for a thing has the gender of its noun, and "it" in English; das Mädchen is "she".
_PRONOUNS = (
    ("ich mich mir", "I me", "am", "mein my"),
    ("du dich dir", "you you", "are", "dein your"),
    ("er ihn ihm", "he him", "is", "sein his"),
    ("er ihn ihm", "it it", "is", ""),
    ("sie sie ihr", "she her", "is", "ihr her"),
    ("sie sie ihr", "it it", "is", ""),
    ("es es ihm", "she her", "is", "sein her"),
    ("es es ihm", "it it", "is", ""),
    ("wir uns uns", "we us", "are", "unser our"),
    ("sie sie ihnen", "they them", "are", "ihr their"),
)
_PERSONS = {"I": 1, "we": 1, "you": 2}
_BY_GENDER: Mapping[Column, str] = {"masculine": "er", "feminine": "sie", "neuter": "es"}


def _pronoun(row: tuple[str, str, str, str]) -> Nominal:
    german, english, be, possessive = row
    subject, english_object = english.split()
    german_possessive, _, english_possessive = possessive.partition(" ")
    forms = german.split()
    return Nominal(
        german=dict(zip(CASES, forms, strict=True)),
        english=subject,
        english_object=english_object,
        person=_PERSONS.get(subject, 3),
        plural=subject in {"we", "they"},
        be=be,
        possessive=Determiner(
            german_possessive, english_possessive, english_possessive, definite=True
        )
        if possessive
        else None,
        pronoun_key=f"{forms[0]} {subject}",
        pronoun=True,
    )


PRONOUNS = {pronoun.pronoun_key: pronoun for pronoun in map(_pronoun, _PRONOUNS)}


def name(text: str, *, pronoun_key: str) -> Nominal:
    """The name of a person."""
    possessive = PRONOUNS[pronoun_key].possessive
    return Nominal(
        dict.fromkeys(CASES, text),
        text,
        text,
        3,
        plural=False,
        be="is",
        possessive=possessive,
        pronoun_key=pronoun_key,
    )


def noun_phrase(
    noun: Noun, *, determiner: Determiner, adjective: Adjective | None = None, plural: bool = False
) -> Nominal:
    """A noun with a determiner and an optional adjective."""
    english = _english(noun, determiner=determiner, adjective=adjective, plural=plural)
    pronoun_key = "sie they" if plural else f"{_BY_GENDER[noun.gender]} {noun.pronoun}"
    pronoun = PRONOUNS.get(pronoun_key)
    return Nominal(
        german={
            case: _german(
                noun, case=case, determiner=determiner, adjective=adjective, plural=plural
            )
            for case in CASES
        },
        english=english,
        english_object=english,
        person=3,
        plural=plural,
        be="are" if plural else "is",
        possessive=pronoun.possessive if pronoun and noun.pronoun != "it" else None,
        pronoun_key=pronoun_key if pronoun else "",
        definite=determiner.definite,
    )


def _german(
    noun: Noun, *, case: Case, determiner: Determiner, adjective: Adjective | None, plural: bool
) -> str:
    column = "plural" if plural else noun.gender
    words = [determiner_form(determiner.german, case=case, column=column)]
    if adjective:
        words.append(
            adjective_form(adjective.stem, after=determiner.german, case=case, column=column)
        )
    words.append(noun_form(noun, case=case, plural=plural))
    return " ".join(filter(None, words))


def _english(
    noun: Noun, *, determiner: Determiner, adjective: Adjective | None, plural: bool
) -> str:
    mass = not noun.plural and not determiner.definite
    article = determiner.english_plural if plural or mass else determiner.english
    words = [noun.english_plural if plural else noun.english]
    if adjective:
        words.insert(0, adjective.english)
    # The adjective decides, if there is one: "a dog", but "an old dog".
    if article == "a":
        article = indefinite_article(words[0])
    return " ".join(filter(None, (article, *words)))
