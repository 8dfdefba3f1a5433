"""Sentences of one clause: what somebody does, what something is like, what there is."""

from __future__ import annotations

from harness.contracts import Pair
from harness_datasets.toy_german import english, german
from harness_datasets.toy_german.clause import Clause, Complement, Role
from harness_datasets.toy_german.inflection import CASES
from harness_datasets.toy_german.lexicon import TIMES, VERBS
from harness_datasets.toy_german.phrases import BARE, DETERMINERS, NO, Nominal
from harness_datasets.toy_german.scene import clause, ended, front, question, statement
from harness_datasets.toy_german.sense import ACTIONS, ADJECTIVES_OF, HUMAN, NOUNS_OF
from harness_datasets.toy_german.speaker import Speaker
from harness_datasets.toy_german.whereabouts import complement
from harness_datasets.toy_german.words import Adjective

_ALL_ACTIONS = tuple(ACTIONS.values())
_DESCRIBED = tuple(kind for kind in NOUNS_OF if ADJECTIVES_OF[kind])
_MOODS = frozenset({"müde", "hungrig", "krank", "glücklich"})  # they come and go
_FOUND = {"outside": ("animal", "bird"), "room": ("furniture", "reading")}
_ONE = (DETERMINERS["ein"], DETERMINERS["ein"], NO)
_SEVERAL = (BARE, DETERMINERS["viel"], DETERMINERS["zwei"], NO)
_LIKED = ("reading", "writing", "clothing", "thing", "vehicle", "room", "outside")
_THERE_IS = VERBS["geben"]._replace(base="be", past="", progressive="")
_THERE = {
    plural: Nominal(dict.fromkeys(CASES, "es"), "there", "there", 3, plural=False, be=be)
    for plural, be in ((False, "is"), (True, "are"))
}


def action(speaker: Speaker) -> Pair:
    """Heute gibt die Frau dem Kind einen Apfel."""
    said = clause(speaker, action=speaker.pick(_ALL_ACTIONS))
    return ended(statement(said, opening=front(speaker, said=said)))


def being(subject: Nominal, *, quality: Adjective) -> Clause:
    """Somebody or something is so."""
    predicate = Complement(quality.german, quality.english, close=True)
    return Clause(subject, VERBS["sein"], complement=predicate)


def description(speaker: Speaker) -> Pair:
    """Der Kaffee ist nicht warm."""
    kind = speaker.random.choice(_DESCRIBED)
    subject = speaker.briefly().subject((kind,), known=True)
    said = being(subject, quality=speaker.pick(ADJECTIVES_OF[kind]))
    if said.complement and said.complement.german in _MOODS and speaker.likely(0.5):
        when = speaker.random.choice(("now", "habit"))
        said = said._replace(tense="habit", time=speaker.random.choice(TIMES[when]))
    if speaker.likely(0.25):
        return ended(question(said), mark="?")
    if speaker.likely(0.3) and not (said.time and said.time.inside):
        said = said._replace(negated=True)
    return ended(statement(said, opening=front(speaker, said=said)))


def existence(speaker: Speaker) -> Pair:
    """Im Garten gibt es viele Vögel."""
    where = speaker.random.choice(tuple(_FOUND))
    noun = speaker.pick(NOUNS_OF[speaker.random.choice(_FOUND[where])])
    plural = speaker.several(noun)
    determiner = speaker.random.choice(_SEVERAL if plural else _ONE)
    there = _THERE[plural]
    said = Clause(
        there,
        _THERE_IS,
        accusative=speaker.phrase(noun, determiner=determiner, plural=plural),
        complement=complement(speaker.briefly(), use=where, subject=there),
    )
    if determiner is not NO and speaker.likely(0.3):
        return ended(question(said), mark="?")
    return ended(statement(said, opening="complement"))


def liking(speaker: Speaker) -> Pair:
    """Der Mutter gefällt das neue Haus nicht: who likes it is German's object."""
    what = speaker.subject((speaker.random.choice(_LIKED),), known=True)
    who = speaker.object(HUMAN, subject=what, known=True)
    said = Clause(what, VERBS["gefallen"], dative=who, negated=speaker.likely(0.25))
    opening: Role = "dative" if speaker.likely(0.5) else "subject"
    source = german.verb_second(said, front=opening)
    target = english.statement(said._replace(subject=who, dative=None, accusative=what))
    return ended(Pair(source, target))
