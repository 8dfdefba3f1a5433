"""A clause as a meaning: what both languages put into words."""

from __future__ import annotations

from typing import Literal, NamedTuple

from harness_datasets.toy_german.phrases import Nominal
from harness_datasets.toy_german.words import Modal, Time, Verb

Role = Literal["subject", "dative", "accusative", "complement", "time"]
Tense = Literal["present", "habit", "past"]


class Complement(NamedTuple):
    """A place, a direction, a companion, a predicate ...; `close` to the verb if it needs that."""

    german: str
    english: str
    close: bool = False


class Clause(NamedTuple):
    """Who does what to whom, where and when.

    German says `negated` with nicht. Where the object has a kein instead, `absent` tells English
    to say not all the same.
    """

    subject: Nominal
    verb: Verb
    dative: Nominal | None = None
    accusative: Nominal | None = None
    complement: Complement | None = None
    tense: Tense = "present"
    time: Time | None = None
    modal: Modal | None = None
    negated: bool = False
    absent: bool = False
