"""The meaning of a clause, from which both languages are generated."""

from __future__ import annotations

from typing import Literal, NamedTuple

from harness_datasets.toy_german.phrases import Nominal
from harness_datasets.toy_german.words import Modal, Time, Verb

Role = Literal["subject", "dative", "accusative", "complement", "time"]
Tense = Literal["present", "habit", "past"]


class Complement(NamedTuple):
    """A place, direction, companion or predicate; if `close`, it stays next to the German verb."""

    german: str
    english: str
    close: bool = False


class Clause(NamedTuple):
    """A verb with its subject, objects, place and time.

    A `negated` clause has nicht in German. If its object has kein instead, it is `absent`, which
    English expresses with "not" as well.
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
