"""Sentences of two clauses: what somebody knows, why, although, when, and but."""

from __future__ import annotations

from collections.abc import Sequence

from harness.contracts import Pair
from harness_datasets.toy_german import english, german
from harness_datasets.toy_german.clause import Clause
from harness_datasets.toy_german.lexicon import ADJECTIVES, VERBS
from harness_datasets.toy_german.phrases import PRONOUNS, Nominal
from harness_datasets.toy_german.scene import NOW, USUALLY, clause, ended, statement
from harness_datasets.toy_german.sense import ACTIONS, HUMAN, NOUNS_OF
from harness_datasets.toy_german.speaker import Speaker
from harness_datasets.toy_german.statements import being
from harness_datasets.toy_german.whereabouts import complement

DASS = Pair("dass", "that")
WEIL = Pair("weil", "because")
OBWOHL = Pair("obwohl", "although")
WENN = Pair("wenn", "when")

_ACTIONS = tuple(ACTIONS.values())
_BY_PEOPLE = tuple(action for action in _ACTIONS if action.by_people and action.verb.progressive)
_BECAUSE = tuple(action for action in _ACTIONS if action.because)
_ALTHOUGH = tuple(action for action in _ACTIONS if action.although)
_THINKING = tuple(VERBS[verb] for verb in ("wissen", "glauben", "hoffen"))
_RAIN = Clause(PRONOUNS["es it"], VERBS["regnen"])
_IN_THE_RAIN = (  # what is done, where, and how the rain goes with it
    (ACTIONS["bleiben"], "room", WEIL),
    (ACTIONS["spielen"], "outside", OBWOHL),
    (ACTIONS["arbeiten"], "outside", OBWOHL),
    (ACTIONS["gehen"], "trip", OBWOHL),
    (ACTIONS["laufen"], "run", OBWOHL),
)


def after(said: Clause, *, conjunction: Pair, last: Clause) -> Pair:
    """A main clause, then a subordinate one: German has a comma between them, English none."""
    first = statement(said)
    return ended(
        Pair(
            f"{first.source}, {german.verb_last(last, conjunction=conjunction.source)}",
            f"{first.target} {conjunction.target} {english.statement(last)}",
        )
    )


def before(said: Clause, *, conjunction: Pair, first: Clause) -> Pair:
    """A subordinate clause at the front, so that the main clause begins with its verb in German."""
    return ended(
        Pair(
            f"{german.verb_last(first, conjunction=conjunction.source)}, {german.verb_first(said)}",
            f"{conjunction.target} {english.statement(first)}, {english.statement(said)}",
        )
    )


def report(speaker: Speaker) -> Pair:
    """Anna weiß, dass der Zug heute spät ankommt."""
    somebody = speaker.briefly().subject(HUMAN, known=True)
    thinks = Clause(somebody, speaker.random.choice(_THINKING))
    what = clause(speaker, action=speaker.pick(_ACTIONS))
    return after(thinks, conjunction=DASS, last=what)


def reason(speaker: Speaker) -> Pair:
    """Der Junge schläft, weil er müde ist; or the other way round."""
    conjunction = speaker.random.choice((WEIL, WEIL, OBWOHL, WENN))
    opposed = conjunction is OBWOHL
    action = speaker.pick(_ALTHOUGH if opposed else _BECAUSE)
    mood = ADJECTIVES[action.although if opposed else action.because]
    somebody = _somebody(speaker, kinds=action.subjects)
    again = PRONOUNS[somebody.again]._replace(own=somebody.own)
    when = USUALLY if conjunction is WENN else NOW
    if speaker.likely(0.5):
        said = clause(speaker, action=action, subject=again, when=when, affirmed=True)
        return before(said, conjunction=conjunction, first=being(somebody, quality=mood))
    said = clause(speaker, action=action, subject=somebody, when=when, affirmed=True)
    return after(said, conjunction=conjunction, last=being(again, quality=mood))


def _somebody(speaker: Speaker, *, kinds: Sequence[str]) -> Nominal:
    """A subject that a pronoun can take up again."""
    while True:
        somebody = speaker.briefly().subject(kinds, known=True)
        if somebody.again:
            return somebody


def quality(speaker: Speaker) -> Pair:
    """Die Frau kauft den Mantel nicht, weil er teuer ist: the pronoun has the noun's gender."""
    somebody = speaker.briefly().subject(HUMAN, known=True)
    noun = speaker.pick(NOUNS_OF[speaker.random.choice(("clothing", "vehicle", "thing"))])
    plural = speaker.several(noun)
    what = speaker.briefly().phrase(noun, known=True, plural=plural)
    adjective = ADJECTIVES[speaker.random.choice(("schön", "neu", "teuer"))]
    said = Clause(somebody, VERBS["kaufen"], accusative=what, negated=adjective.german == "teuer")
    return after(said, conjunction=WEIL, last=being(PRONOUNS[what.again], quality=adjective))


def rainy_days(speaker: Speaker) -> Pair:
    """Wenn es regnet, liest die Lehrerin die Zeitung."""
    said = clause(speaker.briefly(), action=speaker.pick(_BY_PEOPLE), when=USUALLY, affirmed=True)
    return before(said, conjunction=WENN, first=_RAIN._replace(tense="habit"))


def in_the_rain(speaker: Speaker) -> Pair:
    """Die Katze bleibt im Haus, weil es regnet."""
    action, use, conjunction = speaker.random.choice(_IN_THE_RAIN)
    said = clause(speaker.briefly(), action=action, when=NOW, affirmed=True)
    place = complement(speaker.briefly(), use=use, subject=said.subject)
    return after(said._replace(complement=place), conjunction=conjunction, last=_RAIN)


def contrast(speaker: Speaker) -> Pair:
    """Der Vater kocht, aber die Kinder spielen im Garten."""
    first, second = speaker.random.sample(_BY_PEOPLE, 2)
    one = _somebody(speaker, kinds=first.subjects)
    other = _somebody(speaker, kinds=second.subjects)
    while other.again == one.again:
        other = _somebody(speaker, kinds=second.subjects)
    here = statement(clause(speaker.briefly(), action=first, subject=one, when=NOW))
    there = statement(clause(speaker.briefly(), action=second, subject=other, when=NOW))
    return ended(Pair(f"{here.source}, aber {there.source}", f"{here.target}, but {there.target}"))
