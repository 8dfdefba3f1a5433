"""Sentences of one clause: actions, descriptions, existence and liking."""

from __future__ import annotations

from harness.contracts import Pair
from harness_datasets.toy_german import english, german
from harness_datasets.toy_german.actions import ACTIONS, ADJECTIVES_OF, HUMAN, NOUNS_OF
from harness_datasets.toy_german.clause import Clause, Complement, Role
from harness_datasets.toy_german.complements import complement
from harness_datasets.toy_german.inflection import CASES
from harness_datasets.toy_german.lexicon import TIMES, VERBS
from harness_datasets.toy_german.phrases import BARE, DETERMINERS, NO, Nominal
from harness_datasets.toy_german.random_clauses import (
    punctuated,
    question,
    random_clause,
    random_front,
    statement,
)
from harness_datasets.toy_german.sampler import Sampler
from harness_datasets.toy_german.words import Adjective

_ALL_ACTIONS = tuple(ACTIONS.values())
_DESCRIBED = tuple(kind for kind in NOUNS_OF if ADJECTIVES_OF[kind])
_MOODS = frozenset({"müde", "hungrig", "krank", "glücklich"})  # temporary, so that a time fits
_KINDS_AT = {"outside": ("animal", "bird"), "room": ("furniture", "reading")}
_ONE = (DETERMINERS["ein"], DETERMINERS["ein"], NO)
_SEVERAL = (BARE, DETERMINERS["viel"], DETERMINERS["zwei"], NO)
_LIKED = ("reading", "writing", "clothing", "thing", "vehicle", "room", "outside")
# "es gibt" is "there is": geben, with the English verb exchanged.
_THERE_IS = VERBS["geben"]._replace(base="be", past="", progressive="")
_THERE = {
    plural: Nominal(dict.fromkeys(CASES, "es"), "there", "there", 3, plural=False, be=be)
    for plural, be in ((False, "is"), (True, "are"))
}


def action(sampler: Sampler) -> Pair:
    """Heute gibt die Frau dem Kind einen Apfel."""
    clause = random_clause(sampler, action=sampler.pick(_ALL_ACTIONS))
    return punctuated(statement(clause, opening=random_front(sampler, clause=clause)))


def predication(subject: Nominal, *, quality: Adjective) -> Clause:
    """A clause that describes its subject by an adjective."""
    predicate = Complement(quality.german, quality.english, close=True)
    return Clause(subject, VERBS["sein"], complement=predicate)


def description(sampler: Sampler) -> Pair:
    """Der Kaffee ist nicht warm."""
    kind = sampler.random.choice(_DESCRIBED)
    subject = sampler.without_adjectives().subject((kind,), known=True)
    clause = predication(subject, quality=sampler.pick(ADJECTIVES_OF[kind]))
    if clause.complement and clause.complement.german in _MOODS and sampler.chance(0.5):
        when = sampler.random.choice(("now", "habit"))
        clause = clause._replace(tense="habit", time=sampler.random.choice(TIMES[when]))
    if sampler.chance(0.25):
        return punctuated(question(clause), mark="?")
    if sampler.chance(0.3) and not (clause.time and clause.time.inside):
        clause = clause._replace(negated=True)
    return punctuated(statement(clause, opening=random_front(sampler, clause=clause)))


def existence(sampler: Sampler) -> Pair:
    """Im Garten gibt es viele Vögel."""
    use = sampler.random.choice(tuple(_KINDS_AT))
    noun = sampler.pick(NOUNS_OF[sampler.random.choice(_KINDS_AT[use])])
    plural = sampler.draw_plural(noun)
    determiner = sampler.random.choice(_SEVERAL if plural else _ONE)
    there = _THERE[plural]
    clause = Clause(
        there,
        _THERE_IS,
        accusative=sampler.phrase(noun, determiner=determiner, plural=plural),
        complement=complement(sampler.without_adjectives(), use=use, subject=there),
    )
    if determiner is not NO and sampler.chance(0.3):
        return punctuated(question(clause), mark="?")
    return punctuated(statement(clause, opening="complement"))


def liking(sampler: Sampler) -> Pair:
    """Der Mutter gefällt das neue Haus nicht: the English subject is the German dative object."""
    liked = sampler.subject((sampler.random.choice(_LIKED),), known=True)
    person = sampler.object(HUMAN, subject=liked, known=True)
    clause = Clause(liked, VERBS["gefallen"], dative=person, negated=sampler.chance(0.25))
    opening: Role = "dative" if sampler.chance(0.5) else "subject"
    source = german.verb_second(clause, front=opening)
    target = english.statement(clause._replace(subject=person, dative=None, accusative=liked))
    return punctuated(Pair(source, target))
