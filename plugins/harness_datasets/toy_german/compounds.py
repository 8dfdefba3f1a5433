"""Sentences of two clauses, with dass, weil, obwohl, wenn or aber."""

from __future__ import annotations

from collections.abc import Sequence

from harness.contracts import Pair
from harness_datasets.toy_german import english, german
from harness_datasets.toy_german.actions import ACTIONS, HUMAN, NOUNS_OF
from harness_datasets.toy_german.clause import Clause
from harness_datasets.toy_german.complements import complement
from harness_datasets.toy_german.lexicon import ADJECTIVES, VERBS
from harness_datasets.toy_german.phrases import PRONOUNS, Nominal
from harness_datasets.toy_german.random_clauses import (
    NOW,
    USUALLY,
    punctuated,
    random_clause,
    statement,
)
from harness_datasets.toy_german.sampler import Sampler
from harness_datasets.toy_german.statements import predication

DASS = Pair("dass", "that")
WEIL = Pair("weil", "because")
OBWOHL = Pair("obwohl", "although")
WENN = Pair("wenn", "when")

_ACTIONS = tuple(ACTIONS.values())
_HUMAN_ACTIONS = tuple(
    action for action in _ACTIONS if action.has_human_subject and action.verb.progressive
)
_BECAUSE = tuple(action for action in _ACTIONS if action.because)
_ALTHOUGH = tuple(action for action in _ACTIONS if action.although)
_THINKING = tuple(VERBS[verb] for verb in ("wissen", "glauben", "hoffen"))
_RAIN = Clause(PRONOUNS["es it"], VERBS["regnen"])
_IN_THE_RAIN = (  # action, use of the complement, and conjunction with "it rains"
    (ACTIONS["bleiben"], "room", WEIL),
    (ACTIONS["spielen"], "outside", OBWOHL),
    (ACTIONS["arbeiten"], "outside", OBWOHL),
    (ACTIONS["gehen"], "trip", OBWOHL),
    (ACTIONS["laufen"], "run", OBWOHL),
)


def main_first(main: Clause, *, conjunction: Pair, subordinate: Clause) -> Pair:
    """A main clause and then a subordinate one, with a comma in German only."""
    first = statement(main)
    return punctuated(
        Pair(
            f"{first.source}, {german.verb_last(subordinate, conjunction=conjunction.source)}",
            f"{first.target} {conjunction.target} {english.statement(subordinate)}",
        )
    )


def subordinate_first(main: Clause, *, conjunction: Pair, subordinate: Clause) -> Pair:
    """A subordinate clause first, so that the German main clause starts with its verb."""
    first = german.verb_last(subordinate, conjunction=conjunction.source)
    return punctuated(
        Pair(
            f"{first}, {german.verb_first(main)}",
            f"{conjunction.target} {english.statement(subordinate)}, {english.statement(main)}",
        )
    )


def report(sampler: Sampler) -> Pair:
    """Anna weiß, dass der Zug heute spät ankommt."""
    subject = sampler.without_adjectives().subject(HUMAN, known=True)
    main = Clause(subject, sampler.random.choice(_THINKING))
    content = random_clause(sampler, action=sampler.pick(_ACTIONS))
    return main_first(main, conjunction=DASS, subordinate=content)


def reason(sampler: Sampler) -> Pair:
    """Der Junge schläft, weil er müde ist; or with the subordinate clause first."""
    conjunction = sampler.random.choice((WEIL, WEIL, OBWOHL, WENN))
    opposed = conjunction is OBWOHL
    action = sampler.pick(_ALTHOUGH if opposed else _BECAUSE)
    mood = ADJECTIVES[action.although if opposed else action.because]
    subject = _subject_with_pronoun(sampler, kinds=action.subjects)
    pronoun = PRONOUNS[subject.pronoun_key]._replace(possessive=subject.possessive)
    # "When" is about every time, "because" and "although" are about now.
    when = USUALLY if conjunction is WENN else NOW
    if sampler.chance(0.5):
        main = random_clause(sampler, action=action, subject=pronoun, when=when, affirmative=True)
        return subordinate_first(
            main, conjunction=conjunction, subordinate=predication(subject, quality=mood)
        )
    main = random_clause(sampler, action=action, subject=subject, when=when, affirmative=True)
    return main_first(main, conjunction=conjunction, subordinate=predication(pronoun, quality=mood))


def _subject_with_pronoun(sampler: Sampler, *, kinds: Sequence[str]) -> Nominal:
    """Draw a subject that a pronoun can refer to."""
    while True:
        subject = sampler.without_adjectives().subject(kinds, known=True)
        if subject.pronoun_key:
            return subject


def quality(sampler: Sampler) -> Pair:
    """Die Frau kauft den Mantel nicht, weil er teuer ist: the pronoun has the noun's gender."""
    subject = sampler.without_adjectives().subject(HUMAN, known=True)
    noun = sampler.pick(NOUNS_OF[sampler.random.choice(("clothing", "vehicle", "thing"))])
    plural = sampler.draw_plural(noun)
    bought = sampler.without_adjectives().phrase(noun, known=True, plural=plural)
    adjective = ADJECTIVES[sampler.random.choice(("schön", "neu", "teuer"))]
    # Being expensive is a reason not to buy.
    main = Clause(subject, VERBS["kaufen"], accusative=bought, negated=adjective.german == "teuer")
    return main_first(
        main,
        conjunction=WEIL,
        subordinate=predication(PRONOUNS[bought.pronoun_key], quality=adjective),
    )


def rainy_days(sampler: Sampler) -> Pair:
    """Wenn es regnet, liest die Lehrerin die Zeitung."""
    main = random_clause(
        sampler.without_adjectives(),
        action=sampler.pick(_HUMAN_ACTIONS),
        when=USUALLY,
        affirmative=True,
    )
    # A habit: "when it rains", not "when it is raining".
    return subordinate_first(main, conjunction=WENN, subordinate=_RAIN._replace(tense="habit"))


def in_the_rain(sampler: Sampler) -> Pair:
    """Die Katze bleibt im Haus, weil es regnet."""
    action, use, conjunction = sampler.random.choice(_IN_THE_RAIN)
    main = random_clause(sampler.without_adjectives(), action=action, when=NOW, affirmative=True)
    place = complement(sampler.without_adjectives(), use=use, subject=main.subject)
    return main_first(main._replace(complement=place), conjunction=conjunction, subordinate=_RAIN)


def contrast(sampler: Sampler) -> Pair:
    """Der Vater kocht, aber die Kinder spielen im Garten."""
    first, second = sampler.random.sample(_HUMAN_ACTIONS, 2)
    one = _subject_with_pronoun(sampler, kinds=first.subjects)
    other = _subject_with_pronoun(sampler, kinds=second.subjects)
    while other.pronoun_key == one.pronoun_key:
        other = _subject_with_pronoun(sampler, kinds=second.subjects)
    here = statement(
        random_clause(sampler.without_adjectives(), action=first, subject=one, when=NOW)
    )
    there = statement(
        random_clause(sampler.without_adjectives(), action=second, subject=other, when=NOW)
    )
    return punctuated(
        Pair(f"{here.source}, aber {there.source}", f"{here.target}, but {there.target}")
    )
