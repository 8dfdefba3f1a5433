"""Questions, with and without a question word."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

from harness.contracts import Pair
from harness_datasets.toy_german.clause import Clause
from harness_datasets.toy_german.inflection import CASES
from harness_datasets.toy_german.phrases import PRONOUNS, Nominal
from harness_datasets.toy_german.scene import clause, ended, question, statement
from harness_datasets.toy_german.sense import ACTIONS, HUMAN, Action
from harness_datasets.toy_german.speaker import Speaker

_FORMS = dict(zip(CASES, ("wer", "wen", "wem"), strict=True))
_WHO = Nominal(_FORMS, "who", "who", 3, plural=False, be="is")
_WHERE = {
    "place": Pair("wo", "where"),
    "home": Pair("wo", "where"),
    "goal": Pair("wohin", "where"),
    "trip": Pair("wohin", "where"),
    "hour": Pair("wann", "when"),
}


class _Asking(NamedTuple):
    """A question word, and what is left out of the clause because the word asks for it."""

    action: Action
    word: Pair
    role: Literal["accusative", "complement"] | None


def _askings(action: Action) -> Iterator[_Asking]:
    if action.by_people:
        yield _Asking(action, Pair("warum", "why"), None)
    if action.on_things:
        yield _Asking(action, Pair("was", "what"), "accusative")
    elif action.accusative == HUMAN:
        yield _Asking(action, Pair("wen", "who"), "accusative")
    if action.complement in _WHERE:
        yield _Asking(action, _WHERE[action.complement], "complement")


_ACTIONS = tuple(ACTIONS.values())
_ASKINGS = tuple(asking for action in _ACTIONS for asking in _askings(action))
_BY_PEOPLE = tuple(action for action in _ACTIONS if action.by_people)


def yes_or_no(speaker: Speaker) -> Pair:
    """Asks whether: Hilfst du heute deinem Bruder."""
    return ended(question(_asked(speaker, action=speaker.pick(_ACTIONS))), mark="?")


def open_question(speaker: Speaker) -> Pair:
    """Asks for something: Was kauft die Frau auf dem Markt."""
    action, word, role = speaker.pick(_ASKINGS)
    said = _asked(speaker, action=action)
    if role and said.tense == "habit":
        said = said._replace(tense="present", time=None)
    if role == "accusative":
        said = said._replace(accusative=None)
    elif role == "complement":
        said = said._replace(complement=None)
    asked = question(said)
    return ended(Pair(f"{word.source} {asked.source}", f"{word.target} {asked.target}"), mark="?")


def who(speaker: Speaker) -> Pair:
    """Asks for the subject: Wer hat gestern die Katze gefüttert."""
    action = speaker.pick(_BY_PEOPLE)
    return ended(statement(clause(speaker, action=action, subject=_WHO, affirmed=True)), mark="?")


def _asked(speaker: Speaker, *, action: Action) -> Clause:
    subject = speaker.subject(action.subjects, known=True)
    if action.by_people and (subject.person == 1 or speaker.likely(0.25)):
        subject = PRONOUNS["du you"]
    return clause(speaker, action=action, subject=subject, affirmed=True)
