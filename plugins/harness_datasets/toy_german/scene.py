"""Whole clauses that make sense, and how both languages open and say them."""

from __future__ import annotations

from typing import NamedTuple

from harness.contracts import Pair
from harness_datasets.toy_german import english, german
from harness_datasets.toy_german.clause import Clause, Role, Tense
from harness_datasets.toy_german.inflection import Case
from harness_datasets.toy_german.lexicon import MODALS, TIMES
from harness_datasets.toy_german.phrases import Nominal
from harness_datasets.toy_german.sense import Action
from harness_datasets.toy_german.speaker import Speaker
from harness_datasets.toy_german.whereabouts import complement
from harness_datasets.toy_german.words import Modal, Time


class Moment(NamedTuple):
    """When something is so, and how the verb says it."""

    tense: Tense = "present"
    time: Time | None = None
    modal: Modal | None = None


NOW = Moment()
USUALLY = Moment("habit")
_GAINING = frozenset({"haben", "kaufen"})  # not said of what is one's own already
_NEVER = TIMES["never"][0]
_MODALS = tuple(MODALS.values())


def moment(speaker: Speaker, *, action: Action) -> Moment:
    """A tense in which the action can be said, perhaps with a time that suits it."""
    choose, draw = speaker.random.choice, speaker.random.random()
    if draw < 0.2 and action.verb.past:
        return Moment("past", choose(TIMES["past"]) if speaker.likely(0.7) else None)
    if not action.verb.progressive:
        return NOW
    if draw < 0.4:
        return Moment("habit", choose(TIMES["habit"]))
    if draw < 0.6 and action.by_people:
        plan = choose(TIMES["plan"]) if speaker.likely(0.4) else None
        return Moment("present", plan, choose(_MODALS))
    return Moment("present", choose(TIMES["now"]) if speaker.likely(0.4) else None)


def clause(
    speaker: Speaker,
    *,
    action: Action,
    subject: Nominal | None = None,
    when: Moment | None = None,
    affirmed: bool = False,
) -> Clause:
    """The action with everything that it needs; now and then denied, unless it is `affirmed`."""
    when = when or moment(speaker, action=action)
    denied = not affirmed and speaker.likely(0.2)
    if denied and when.tense == "habit":
        when, denied = when._replace(time=_NEVER), False
    known = denied or when.tense == "habit" or not action.by_people
    who = subject or speaker.subject(action.subjects, known=known)
    owner = who._replace(own=None) if action.verb.plain in _GAINING else who
    absent = denied and action.on_things and speaker.likely(0.5)
    what = whom = where = None
    if absent:
        what = speaker.none_of(action.accusative)
    elif action.accusative:
        what = speaker.object(action.accusative, subject=owner, known=denied)
    if action.dative:
        whom = speaker.object(action.dative, subject=who, known=denied)
    if action.complement and (action.needed or speaker.likely(0.35)):
        where = complement(speaker, use=action.complement, subject=who)
    negated = denied and not absent
    return Clause(who, action.verb, whom, what, where, *when, negated, absent)


def front(speaker: Speaker, *, said: Clause) -> Role:
    """What opens a statement; an object only where its case shows that it is one."""
    if said.time and said.time.first and speaker.likely(0.5):
        return "time"
    place = said.complement
    if place and not place.close and not said.negated and speaker.likely(0.2):
        return "complement"
    if said.dative and _shows(said.dative, case="dative") and speaker.likely(0.15):
        return "dative"
    if said.accusative and _shows(said.accusative, case="accusative") and speaker.likely(0.15):
        return "accusative"
    return "subject"


def _shows(nominal: Nominal, *, case: Case) -> bool:
    known = nominal.definite and not nominal.pronoun
    return known and nominal.german[case] != nominal.german["nominative"]


def statement(said: Clause, *, opening: Role = "subject") -> Pair:
    """A main clause in both languages; English follows German only in opening with a time."""
    return Pair(
        german.verb_second(said, front=opening),
        english.statement(said, time_first=opening == "time"),
    )


def question(said: Clause) -> Pair:
    """A question, opened by its verb."""
    return Pair(german.verb_first(said), english.question(said))


def ended(pair: Pair, *, mark: str = ".") -> Pair:
    """Both sides with the mark that ends them."""
    return Pair(pair.source + mark, pair.target + mark)
