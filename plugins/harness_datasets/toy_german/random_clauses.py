"""Random clauses that make sense, and their text in both languages."""

from __future__ import annotations

from typing import NamedTuple

from harness.contracts import Pair
from harness_datasets.toy_german import english, german
from harness_datasets.toy_german.actions import Action
from harness_datasets.toy_german.clause import Clause, Role, Tense
from harness_datasets.toy_german.complements import complement
from harness_datasets.toy_german.inflection import Case
from harness_datasets.toy_german.lexicon import MODALS, TIMES
from harness_datasets.toy_german.phrases import Nominal
from harness_datasets.toy_german.sampler import Sampler
from harness_datasets.toy_german.words import Modal, Time


class Moment(NamedTuple):
    """A tense with an optional time and modal verb."""

    tense: Tense = "present"
    time: Time | None = None
    modal: Modal | None = None


NOW = Moment()
USUALLY = Moment("habit")
_ACQUIRING = frozenset({"haben", "kaufen"})  # not used of the subject's own possessions
_NEVER = TIMES["never"][0]
_MODALS = tuple(MODALS.values())


def random_moment(sampler: Sampler, *, action: Action) -> Moment:
    """Draw a tense that fits the action, sometimes with a time that fits the tense."""
    choose, draw = sampler.random.choice, sampler.random.random()
    if draw < 0.2 and action.verb.past:
        return Moment("past", choose(TIMES["past"]) if sampler.chance(0.7) else None)
    # A stative verb has no "now" of its own: "needs", not "is needing".
    if not action.verb.progressive:
        return NOW
    if draw < 0.4:
        return Moment("habit", choose(TIMES["habit"]))
    if draw < 0.6 and action.has_human_subject:
        plan = choose(TIMES["plan"]) if sampler.chance(0.4) else None
        return Moment("present", plan, choose(_MODALS))
    return Moment("present", choose(TIMES["now"]) if sampler.chance(0.4) else None)


def random_clause(
    sampler: Sampler,
    *,
    action: Action,
    subject: Nominal | None = None,
    when: Moment | None = None,
    affirmative: bool = False,
) -> Clause:
    """Draw a clause for an action; sometimes negated, unless `affirmative`."""
    when = when or random_moment(sampler, action=action)
    negate = not affirmative and sampler.chance(0.2)
    # "Never" is the negation of a habit, and replaces its time.
    if negate and when.tense == "habit":
        when, negate = when._replace(time=_NEVER), False
    known = negate or when.tense == "habit" or not action.has_human_subject
    agent = subject or sampler.subject(action.subjects, known=known)
    owner = agent._replace(possessive=None) if action.verb.plain in _ACQUIRING else agent
    absent = negate and action.has_nonhuman_object and sampler.chance(0.5)
    accusative = dative = place = None
    if absent:
        accusative = sampler.negated_object(action.accusative)
    elif action.accusative:
        accusative = sampler.object(action.accusative, subject=owner, known=negate)
    if action.dative:
        dative = sampler.object(action.dative, subject=agent, known=negate)
    if action.complement and (action.needed or sampler.chance(0.35)):
        place = complement(sampler, use=action.complement, subject=agent)
    negated = negate and not absent
    return Clause(agent, action.verb, dative, accusative, place, *when, negated, absent)


def random_front(sampler: Sampler, *, clause: Clause) -> Role:
    """Draw the first constituent; an object only if its case marking is unambiguous."""
    if clause.time and clause.time.first and sampler.chance(0.5):
        return "time"
    place = clause.complement
    if place and not place.close and not clause.negated and sampler.chance(0.2):
        return "complement"
    if clause.dative and _is_unambiguous(clause.dative, case="dative") and sampler.chance(0.15):
        return "dative"
    if (
        clause.accusative
        and _is_unambiguous(clause.accusative, case="accusative")
        and sampler.chance(0.15)
    ):
        return "accusative"
    return "subject"


def _is_unambiguous(nominal: Nominal, *, case: Case) -> bool:
    known = nominal.definite and not nominal.pronoun
    return known and nominal.german[case] != nominal.german["nominative"]


def statement(clause: Clause, *, opening: Role = "subject") -> Pair:
    """A main clause in both languages; in English, only a time can come first."""
    return Pair(
        german.verb_second(clause, front=opening),
        english.statement(clause, time_first=opening == "time"),
    )


def question(clause: Clause) -> Pair:
    """A question in both languages, with the verb first in German."""
    return Pair(german.verb_first(clause), english.question(clause))


def punctuated(pair: Pair, *, mark: str = ".") -> Pair:
    """Both sides with a final punctuation mark."""
    return Pair(pair.source + mark, pair.target + mark)
