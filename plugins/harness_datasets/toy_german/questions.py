"""Questions with and without a question word."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

from harness.contracts import Pair
from harness_datasets.toy_german.actions import ACTIONS, HUMAN, Action
from harness_datasets.toy_german.clause import Clause
from harness_datasets.toy_german.inflection import CASES
from harness_datasets.toy_german.phrases import PRONOUNS, Nominal
from harness_datasets.toy_german.random_clauses import (
    punctuated,
    question,
    random_clause,
    statement,
)
from harness_datasets.toy_german.sampler import Sampler

_FORMS = dict(zip(CASES, ("wer", "wen", "wem"), strict=True))
_WHO = Nominal(_FORMS, "who", "who", 3, plural=False, be="is")
_WHERE = {
    "place": Pair("wo", "where"),
    "home": Pair("wo", "where"),
    "goal": Pair("wohin", "where"),
    "trip": Pair("wohin", "where"),
    "hour": Pair("wann", "when"),
}


class _Query(NamedTuple):
    """A question word, and the constituent that it replaces, if any."""

    action: Action
    word: Pair
    role: Literal["accusative", "complement"] | None


def _queries(action: Action) -> Iterator[_Query]:
    if action.has_human_subject:
        yield _Query(action, Pair("warum", "why"), None)
    if action.has_nonhuman_object:
        yield _Query(action, Pair("was", "what"), "accusative")
    elif action.accusative == HUMAN:
        yield _Query(action, Pair("wen", "who"), "accusative")
    if action.complement in _WHERE:
        yield _Query(action, _WHERE[action.complement], "complement")


_ACTIONS = tuple(ACTIONS.values())
_QUERIES = tuple(query for action in _ACTIONS for query in _queries(action))
_HUMAN_ACTIONS = tuple(action for action in _ACTIONS if action.has_human_subject)


def yes_or_no(sampler: Sampler) -> Pair:
    """A yes-no question: Hilfst du heute deinem Bruder."""
    return punctuated(question(_asked_clause(sampler, action=sampler.pick(_ACTIONS))), mark="?")


def open_question(sampler: Sampler) -> Pair:
    """A question for an object, place, time or reason: Was kauft die Frau auf dem Markt."""
    action, word, role = sampler.pick(_QUERIES)
    clause = _asked_clause(sampler, action=action)
    if role and clause.tense == "habit":
        clause = clause._replace(tense="present", time=None)
    if role == "accusative":
        clause = clause._replace(accusative=None)
    elif role == "complement":
        clause = clause._replace(complement=None)
    asked = question(clause)
    return punctuated(
        Pair(f"{word.source} {asked.source}", f"{word.target} {asked.target}"), mark="?"
    )


def who(sampler: Sampler) -> Pair:
    """A question for the subject: Wer hat gestern die Katze gefüttert."""
    action = sampler.pick(_HUMAN_ACTIONS)
    return punctuated(
        statement(random_clause(sampler, action=action, subject=_WHO, affirmative=True)), mark="?"
    )


def _asked_clause(sampler: Sampler, *, action: Action) -> Clause:
    subject = sampler.subject(action.subjects, known=True)
    # Nobody asks what they do themselves: "you" takes the place of "I" and "we".
    if action.has_human_subject and (subject.person == 1 or sampler.chance(0.25)):
        subject = PRONOUNS["du you"]
    return random_clause(sampler, action=action, subject=subject, affirmative=True)
