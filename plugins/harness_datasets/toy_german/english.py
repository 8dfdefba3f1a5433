"""English word order: subject, verb, objects, place, time; with do-support."""

from __future__ import annotations

from typing import NamedTuple

from harness_datasets.toy_german.clause import Clause
from harness_datasets.toy_german.inflection import third_person


class _Verbs(NamedTuple):
    auxiliary: str
    rest: str
    simple: str  # replaces both in affirmative statements; empty if it does not


def statement(clause: Clause, *, time_first: bool = False) -> str:
    """A main or subordinate clause: both have the same order."""
    verbs = _verbs(clause)
    negated = clause.negated or clause.absent
    opening = clause.time.english if clause.time and time_first else ""
    inside = "" if time_first else _inside(clause)
    if verbs.simple and not negated:
        verb = [inside, _with_objects(verbs.simple, clause=clause)]
    else:
        rest = _with_objects(verbs.rest, clause=clause)
        verb = [verbs.auxiliary, "not" if negated else "", inside, rest]
    end = _end(clause, time=not time_first)
    return _words(opening, clause.subject.english, *verb, *end)


def question(clause: Clause) -> str:
    """A question: the auxiliary comes before the subject."""
    verbs = _verbs(clause)
    rest = _with_objects(verbs.rest, clause=clause)
    end = _end(clause, time=True)
    return _words(verbs.auxiliary, clause.subject.english, _inside(clause), rest, *end)


def _words(*words: str) -> str:
    return " ".join(filter(None, words)).replace("can not", "cannot")


def _inside(clause: Clause) -> str:
    return clause.time.english if clause.time and clause.time.inside else ""


def _end(clause: Clause, *, time: bool) -> tuple[str, str]:
    last = clause.time.english if clause.time and time and not clause.time.inside else ""
    return clause.complement.english if clause.complement else "", last


def _with_objects(verb: str, *, clause: Clause) -> str:
    # Without a preposition, the English indirect object comes first.
    objects = (clause.dative, clause.accusative)
    texts = [nominal.english_object for nominal in objects if nominal]
    before, _, after = verb.partition(" *")  # "pick * up": the star is the place of the objects
    return _words(before, *texts, after.strip())


def _verbs(clause: Clause) -> _Verbs:
    verb, be = clause.verb, clause.subject.be
    base = verb.base
    if clause.modal:
        first, _, more = clause.modal.english.partition(" ")
        # These invert and negate without do: "can he", "is he allowed to", but "does he want to".
        if first in {"can", "be"}:
            return _Verbs(be if first == "be" else first, _words(more, base), "")
        base = _words(clause.modal.english, base)
    elif base == "be":
        return _Verbs(be, "", "")
    elif clause.tense == "past":
        return _Verbs("did", base, verb.past)
    elif clause.tense == "present" and verb.progressive:
        return _Verbs(be, verb.progressive, "")
    # The form of "to be" tells the third person singular, which alone has an s.
    if be == "is":
        return _Verbs("does", base, third_person(base))
    return _Verbs("do", base, base)
