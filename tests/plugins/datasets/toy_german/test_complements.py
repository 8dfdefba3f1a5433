"""Prepositions and their cases, compared with lists written by hand."""

from __future__ import annotations

from random import Random

import pytest

from harness_datasets.toy_german.complements import complement
from harness_datasets.toy_german.phrases import PRONOUNS
from harness_datasets.toy_german.sampler import Sampler

AT_REST = {
    "im Garten": "in the garden",
    "im Wald": "in the forest",
    "in der Stadt": "in the city",
    "im Dorf": "in the village",
    "auf dem Markt": "at the market",
    "am Bahnhof": "at the station",
    "in der Küche": "in the kitchen",
    "im Haus": "in the house",
    "im Zimmer": "in the room",
}
IN_MOTION = {
    "in den Garten": "into the garden",
    "in den Wald": "into the forest",
    "in die Stadt": "to the city",
    "ins Dorf": "to the village",
    "auf den Markt": "to the market",
    "zum Bahnhof": "to the station",
    "in die Küche": "into the kitchen",
    "ins Haus": "into the house",
    "ins Zimmer": "into the room",
}
SEATS = {"auf dem Stuhl": "on the chair", "auf dem Bett": "on the bed"}
PUT = {
    "auf den Tisch": "on the table",
    "auf den Stuhl": "on the chair",
    "auf das Bett": "on the bed",
    "in den Korb": "into the basket",
}


@pytest.mark.parametrize(
    ("use", "expected"),
    [("place", AT_REST), ("goal", IN_MOTION), ("seat", SEATS), ("onto", PUT)],
)
def test_location_takes_the_dative_and_direction_the_accusative(use, expected) -> None:
    sampler = Sampler(random=Random(1), detail=0)
    complements = [complement(sampler, use=use, subject=PRONOUNS["er he"]) for _ in range(300)]
    assert {phrase.german: phrase.english for phrase in complements} == expected


@pytest.mark.parametrize(
    ("use", "german", "english"),
    [
        ("partner", "mit meinem Bruder", "with my brother"),
        ("playmate", "mit dem Hund", "with the dog"),
        ("beneficiary", "für meinen Bruder", "for my brother"),
        ("awaited", "auf den Bauern", "for the farmer"),
    ],
)
def test_mit_takes_the_dative_and_fuer_and_waiting_the_accusative(use, german, english) -> None:
    sampler = Sampler(random=Random(1), detail=0)
    complements = [complement(sampler, use=use, subject=PRONOUNS["ich I"]) for _ in range(2000)]
    assert {phrase.english for phrase in complements if phrase.german == german} == {english}
