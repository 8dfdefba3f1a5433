"""German word order by fields: [front] finite [middle] bracket, or with the finite verb last.

The bracket holds what the verb leaves at the end: a separable prefix, an infinitive, a participle.
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
    last: str  # both, where the finite verb is last


class _Object(NamedTuple):
    role: Role
    nominal: Nominal
    text: str

    @property
    def known(self) -> bool:
        return self.nominal.definite and not self.nominal.pronoun


def verb_second(clause: Clause, *, front: Role) -> str:
    """A statement: one constituent, then the finite verb, then all the others."""
    opening = next(text for role, text in _middle(clause) if role == front)
    return f"{opening} {verb_first(clause, without=front)}"


def verb_first(clause: Clause, *, without: Role | None = None) -> str:
    """A question, or the rest of a sentence whose front is taken."""
    verbs = _verbs(clause)
    middle = [text for role, text in _middle(clause) if role != without]
    return " ".join(filter(None, (verbs.finite, *middle, verbs.bracket)))


def verb_last(clause: Clause, *, conjunction: str) -> str:
    """A subordinate clause."""
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
        return _Verbs(finite, verb.prefix, verb.prefix + finite)
    finite = finite_form(head, person=subject.person, plural=subject.plural)
    return _Verbs(finite, bracket, f"{bracket} {finite}")


def _middle(clause: Clause) -> Iterator[tuple[Role | None, str]]:
    """Subject, pronouns, time, what is known, nicht, what is new; what is close to the verb last.

    Where nicht follows, time gives way to what is known: "heute das Buch", "das Buch heute nicht".
    """
    objects = list(_objects(clause))
    complement = clause.complement
    yield "subject", clause.subject.german["nominative"]
    yield from ((each.role, each.text) for each in objects if each.nominal.pronoun)
    if clause.time and not clause.negated:
        yield "time", clause.time.german
    yield from ((each.role, each.text) for each in objects if each.known)
    if clause.time and clause.negated:
        yield "time", clause.time.german
    if clause.negated:
        yield None, "nicht"
    if complement and not complement.close:
        yield "complement", complement.german
    yield from ((each.role, each.text) for each in objects if not each.nominal.definite)
    if complement and complement.close:
        yield "complement", complement.german


def _objects(clause: Clause) -> Iterator[_Object]:
    if clause.dative:
        yield _Object("dative", clause.dative, clause.dative.german["dative"])
    if clause.accusative:
        yield _Object("accusative", clause.accusative, clause.accusative.german["accusative"])
