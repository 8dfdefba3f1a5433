"""Questions, with and without a question word."""

from __future__ import annotations

from collections.abc import Iterator

from harness.contracts import Pair
from harness_datasets.toy_german.clause import Clause, Role
from harness_datasets.toy_german.inflection import CASES
from harness_datasets.toy_german.phrases import PRONOUNS, Nominal
from harness_datasets.toy_german.scene import clause, ended, question, statement
from harness_datasets.toy_german.sense import ACTIONS, HUMAN, Action
from harness_datasets.toy_german.speaker import Speaker

_FORMS = dict(zip(CASES, ("wer", "wen", "wem"), strict=True))
_WHO = Nominal(_FORMS, "who", "who", 3, plural=False, be="is")
_OF_COMPLEMENT = {
    **dict.fromkeys(("place", "home"), Pair("wo", "where")),
    **dict.fromkeys(("goal", "trip"), Pair("wohin", "where")),
}


def _askable(action: Action) -> Iterator[tuple[Action, Pair, Role | None]]:
    """The question words that suit an action, and what each asks for."""
    if action.by_people:
        yield action, Pair("warum", "why"), None
    if action.on_things:
        yield action, Pair("was", "what"), "accusative"
    elif action.accusative == HUMAN:
        yield action, Pair("wen", "who"), "accusative"
    if action.complement in _OF_COMPLEMENT:
        yield action, _OF_COMPLEMENT[action.complement], "complement"
    if action.complement == "hour":
        yield action, Pair("wann", "when"), "complement"


_ACTIONS = tuple(ACTIONS.values())
_ASKABLE = tuple(each for action in _ACTIONS for each in _askable(action))
_BY_PEOPLE = tuple(action for action in _ACTIONS if action.by_people)


def yes_or_no(speaker: Speaker) -> Pair:
    """Hilfst du heute deinem Bruder?"""
    return ended(question(_asked(speaker, action=speaker.random.choice(_ACTIONS))), mark="?")


def open_question(speaker: Speaker) -> Pair:
    """Was kauft die Frau auf dem Markt?"""
    action, word, role = speaker.random.choice(_ASKABLE)
    said = _asked(speaker, action=action)
    if role and said.tense == "habit":
        said = said._replace(tense="present", time=None)
    return ended(question(said, word=word, without=role), mark="?")


def who(speaker: Speaker) -> Pair:
    """Wer hat gestern die Katze gefüttert?"""
    action = speaker.random.choice(_BY_PEOPLE)
    return ended(statement(clause(speaker, action=action, subject=_WHO, affirmed=True)), mark="?")


def _asked(speaker: Speaker, *, action: Action) -> Clause:
    subject = speaker.subject(action.subjects, known=True)
    if action.by_people and (subject.person == 1 or speaker.likely(0.25)):
        subject = PRONOUNS["du you"]
    return clause(speaker, action=action, subject=subject, affirmed=True)
