"""What follows a verb beside its objects: where, whither, with whom, for whom, how early."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from harness_datasets.toy_german.clause import Complement
from harness_datasets.toy_german.inflection import Case
from harness_datasets.toy_german.lexicon import PLACES
from harness_datasets.toy_german.phrases import DETERMINERS, Nominal
from harness_datasets.toy_german.sense import HUMAN
from harness_datasets.toy_german.speaker import Speaker
from harness_datasets.toy_german.words import Place


class _Somebody(NamedTuple):
    german: str
    case: Case
    english: str
    kinds: tuple[str, ...]


_HOURS = (Complement("früh", "early", close=True), Complement("spät", "late", close=True))
_SOMEBODY = {
    "partner": _Somebody("mit", "dative", "with", HUMAN),
    "playmate": _Somebody("mit", "dative", "with", ("child", "sibling", "animal")),
    "beneficiary": _Somebody("für", "accusative", "for", HUMAN),
    "awaited": _Somebody("auf", "accusative", "for", (*HUMAN, "transport")),
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


def complement(speaker: Speaker, *, use: str, subject: Nominal) -> Complement:
    """A complement for one of the uses that the actions name."""
    if use == "hour":
        return speaker.random.choice(_HOURS)
    if use in _SOMEBODY:
        return _with_somebody(speaker, somebody=_SOMEBODY[use], subject=subject)
    place = speaker.random.choice(_PLACES[use])
    determiner = DETERMINERS["der"]
    if speaker.likely(speaker.detail / 2):
        if place.noun.kind == "outside":
            determiner = DETERMINERS[speaker.random.choice(("ein", "dies"))]
        elif place.noun.kind == "room":
            determiner = subject.own or determiner
    where = speaker.phrase(place.noun, determiner=determiner)
    if use in _GOALS:
        case: Case = "dative" if place.motion == "zu" else "accusative"
        german, english = place.motion, place.english_motion
    else:
        case, german, english = "dative", place.rest, place.english_rest
    text = contracted(f"{german} {where.german[case]}")
    return Complement(text, f"{english} {where.english}", close=use in _GOALS)


def contracted(phrase: str) -> str:
    """A preposition and the article after it as one word, where German has one."""
    preposition, article, *rest = phrase.split(" ")
    pair = f"{preposition} {article}"
    return " ".join((_CONTRACTIONS.get(pair, pair), *rest))


def _with_somebody(speaker: Speaker, *, somebody: _Somebody, subject: Nominal) -> Complement:
    whom = speaker.object(somebody.kinds, subject=subject)
    german = f"{somebody.german} {whom.german[somebody.case]}"
    return Complement(german, f"{somebody.english} {whom.english_object}", close=True)
