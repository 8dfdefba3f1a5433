"""Random complements of verbs: places, directions, companions, beneficiaries and hours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from harness_datasets.toy_german.actions import HUMAN
from harness_datasets.toy_german.clause import Complement
from harness_datasets.toy_german.inflection import Case
from harness_datasets.toy_german.lexicon import PLACES
from harness_datasets.toy_german.phrases import DETERMINERS, Nominal
from harness_datasets.toy_german.sampler import Sampler
from harness_datasets.toy_german.words import Place


class _Preposition(NamedTuple):
    german: str
    case: Case
    english: str
    kinds: tuple[str, ...]


_HOURS = (Complement("früh", "early", close=True), Complement("spät", "late", close=True))
_WITH_PERSON = {
    "partner": _Preposition("mit", "dative", "with", HUMAN),
    "playmate": _Preposition("mit", "dative", "with", ("child", "sibling", "animal")),
    "beneficiary": _Preposition("für", "accusative", "for", HUMAN),
    "awaited": _Preposition("auf", "accusative", "for", (*HUMAN, "transport")),
}
_GOALS = frozenset({"goal", "run", "trip", "onto"})
_CONTRACTIONS = {"in dem": "im", "in das": "ins", "an dem": "am", "zu dem": "zum", "zu der": "zur"}


def _places(nouns: str) -> tuple[Place, ...]:
    return tuple(place for place in PLACES if place.noun.singular in nouns.split())


_PLACES: Mapping[str, tuple[Place, ...]] = {
    "place": _places("Garten Wald Stadt Dorf Markt Bahnhof Küche Haus Zimmer"),
    "home": _places("Garten Küche Haus Zimmer"),
    "goal": _places("Garten Wald Stadt Dorf Markt Bahnhof Küche Haus Zimmer"),
    "run": _places("Garten Wald Dorf Haus"),
    "trip": _places("Wald Stadt Dorf Markt Bahnhof"),
    "outside": _places("Garten Wald Stadt Dorf"),
    "room": _places("Küche Haus Zimmer"),
    "market": _places("Markt Stadt Dorf"),
    "station": _places("Bahnhof"),
    "seat": _places("Stuhl Bett"),
    "onto": _places("Tisch Stuhl Bett Korb"),
}


def complement(sampler: Sampler, *, use: str, subject: Nominal) -> Complement:
    """Draw a complement for one of the uses in the table of actions."""
    if use == "hour":
        return sampler.random.choice(_HOURS)
    if use in _WITH_PERSON:
        return _with_person(sampler, preposition=_WITH_PERSON[use], subject=subject)
    place = sampler.random.choice(_PLACES[use])
    determiner = DETERMINERS["der"]
    if sampler.chance(sampler.detail / 2):
        if place.noun.kind == "outside":
            determiner = DETERMINERS[sampler.random.choice(("ein", "dies"))]
        elif place.noun.kind == "room":
            determiner = subject.possessive or determiner
    phrase = sampler.phrase(place.noun, determiner=determiner)
    if use in _GOALS:
        # A two-way preposition has the accusative for a direction; zu always has the dative.
        case: Case = "dative" if place.motion == "zu" else "accusative"
        german, english = place.motion, place.english_motion
    else:
        case, german, english = "dative", place.rest, place.english_rest
    text = contracted(f"{german} {phrase.german[case]}")
    return Complement(text, f"{english} {phrase.english}", close=use in _GOALS)


def contracted(phrase: str) -> str:
    """Contract a preposition and an article, as in "im", if German does."""
    preposition, article, *rest = phrase.split(" ")
    pair = f"{preposition} {article}"
    return " ".join((_CONTRACTIONS.get(pair, pair), *rest))


def _with_person(sampler: Sampler, *, preposition: _Preposition, subject: Nominal) -> Complement:
    person = sampler.object(preposition.kinds, subject=subject)
    german = f"{preposition.german} {person.german[preposition.case]}"
    return Complement(german, f"{preposition.english} {person.english_object}", close=True)
