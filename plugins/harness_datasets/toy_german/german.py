"""German word order by topological fields: [front] finite [middle] bracket, or verb-final.

The bracket is the part of the verb at the end: a separable prefix, an infinitive or a participle.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from harness_datasets.toy_german.clause import Clause, Role
from harness_datasets.toy_german.inflection import finite_form
from harness_datasets.toy_german.lexicon import VERBS
from harness_datasets.toy_german.phrases import Nominal


class _Verbs(NamedTuple):
    finite: str
    bracket: str
    last: str  # the whole verb, in a verb-final clause


class _Object(NamedTuple):
    role: Role
    nominal: Nominal
    text: str

    @property
    def is_definite_noun(self) -> bool:
        return self.nominal.definite and not self.nominal.pronoun


def verb_second(clause: Clause, *, front: Role) -> str:
    """A statement: one constituent, the finite verb, then all other constituents."""
    opening = next(text for role, text in _middle(clause) if role == front)
    return f"{opening} {verb_first(clause, without=front)}"


def verb_first(clause: Clause, *, without: Role | None = None) -> str:
    """A question, or the rest of a sentence after its front."""
    verbs = _verbs(clause)
    middle = [text for role, text in _middle(clause) if role != without]
    return " ".join(filter(None, (verbs.finite, *middle, verbs.bracket)))


def verb_last(clause: Clause, *, conjunction: str) -> str:
    """A subordinate clause, with the finite verb at its end."""
    middle = [text for _, text in _middle(clause)]
    return " ".join((conjunction, *middle, _verbs(clause).last))


def _verbs(clause: Clause) -> _Verbs:
    verb, subject = clause.verb, clause.subject
    if clause.modal:
        head, bracket = clause.modal.verb, verb.infinitive
    elif clause.tense == "past":
        head, bracket = VERBS[verb.auxiliary], verb.participle
    else:
        finite = finite_form(verb, person=subject.person, plural=subject.plural)
        # At the end of a clause, the prefix is joined again: "er kommt an", but "dass er ankommt".
        return _Verbs(finite, verb.prefix, verb.prefix + finite)
    finite = finite_form(head, person=subject.person, plural=subject.plural)
    return _Verbs(finite, bracket, f"{bracket} {finite}")


def _middle(clause: Clause) -> Iterator[tuple[Role | None, str]]:
    """The constituents: subject, pronouns, time, definite objects, nicht, complement, new objects.

    Before nicht, time follows the definite objects: "heute das Buch", but "das Buch heute nicht". A
    close complement comes last.
    """
    objects = list(_objects(clause))
    complement = clause.complement
    yield "subject", clause.subject.german["nominative"]
    yield from ((item.role, item.text) for item in objects if item.nominal.pronoun)
    if clause.time and not clause.negated:
        yield "time", clause.time.german
    yield from ((item.role, item.text) for item in objects if item.is_definite_noun)
    if clause.time and clause.negated:
        yield "time", clause.time.german
    if clause.negated:
        yield None, "nicht"
    if complement and not complement.close:
        yield "complement", complement.german
    yield from ((item.role, item.text) for item in objects if not item.nominal.definite)
    if complement and complement.close:
        yield "complement", complement.german


def _objects(clause: Clause) -> Iterator[_Object]:
    if clause.dative:
        yield _Object("dative", clause.dative, clause.dative.german["dative"])
    if clause.accusative:
        yield _Object("accusative", clause.accusative, clause.accusative.german["accusative"])
