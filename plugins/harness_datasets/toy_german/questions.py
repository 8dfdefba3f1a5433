"""Questions, with and without a question word."""

from __future__ import annotations

from harness.contracts import Pair
from harness_datasets.toy_german.clause import Clause, Role
from harness_datasets.toy_german.inflection import CASES
from harness_datasets.toy_german.phrases import PRONOUNS, Nominal
from harness_datasets.toy_german.scene import clause, ended, question, statement
from harness_datasets.toy_german.sense import ACTIONS, HUMAN, Action
from harness_datasets.toy_german.speaker import Speaker

_ALL = tuple(ACTIONS.values())
_BY_PEOPLE = tuple(action for action in _ALL if action.by_people)
_WHO = Nominal(
    dict(zip(CASES, ("wer", "wen", "wem"), strict=True)), "who", "who", 3, plural=False, be="is"
)
# The role that is asked for, the kinds of object or the complements that may be, and the words.
_WORDS = {
    "place": (Pair("wo", "where"), "complement"),
    "goal": (Pair("wohin", "where"), "complement"),
    "hour": (Pair("wann", "when"), "time"),
}


def yes_or_no(speaker: Speaker) -> Pair:
    """Hilfst du heute deinem Bruder?"""
    return ended(question(_asked(speaker, action=speaker.random.choice(_ALL))), mark="?")


def who(speaker: Speaker) -> Pair:
    """Wer hat gestern die Katze gefüttert?"""
    action = speaker.random.choice(_BY_PEOPLE)
    return ended(statement(clause(speaker, action=action, subject=_WHO, affirmed=True)), mark="?")


def why(speaker: Speaker) -> Pair:
    """Warum schläft das Kind im Garten?"""
    said = _asked(speaker, action=speaker.random.choice(_BY_PEOPLE))
    return ended(question(said, word=Pair("warum", "why")), mark="?")
