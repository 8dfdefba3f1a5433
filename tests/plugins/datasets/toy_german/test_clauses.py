"""German and English word order, compared with sentences written by hand."""

from __future__ import annotations

import pytest

from harness_datasets.toy_german import english, german
from harness_datasets.toy_german.clause import Clause, Complement
from harness_datasets.toy_german.lexicon import ADJECTIVES, MODALS, NOUNS, TIMES, VERBS
from harness_datasets.toy_german.phrases import (
    BARE,
    DETERMINERS,
    NO,
    PRONOUNS,
    Nominal,
    name,
    noun_phrase,
)

TIME = {time.german: time for times in TIMES.values() for time in times}
GARDEN = Complement("im Garten", "in the garden")
INTO_TOWN = Complement("in die Stadt", "to the city", close=True)
TIRED = Complement("müde", "tired", close=True)
EARLY = Complement("früh", "early", close=True)
FOR_THE_BUS = Complement("auf den Bus", "for the bus", close=True)
ANNA = name("Anna", pronoun_key="sie she")


def noun(phrase: str, *, plural: bool = False) -> Nominal:
    """A phrase such as ``die Frau`` or ``der rot Mantel``, with the adjective uninflected."""
    *words, last = phrase.split()
    article = words[0] if words else ""
    determiner = DETERMINERS[{"die": "der", "das": "der"}.get(article, article)] if words else BARE
    adjective = ADJECTIVES[words[1]] if len(words) > 1 else None
    entry = next(entry for entry in NOUNS if entry.singular == last)
    return noun_phrase(entry, determiner=determiner, adjective=adjective, plural=plural)


def does(subject: Nominal, *, verb: str, modal: str = "", time: str = "", **rest) -> Clause:
    modals = {"modal": MODALS[modal]} if modal else {}
    times = {"time": TIME[time]} if time else {}
    return Clause(subject, VERBS[verb], **modals, **times, **rest)


HE, SHE, THEY, ME, YOU = (
    PRONOUNS[key] for key in ("er he", "sie she", "sie they", "ich I", "du you")
)

STATEMENTS = [
    # subject first
    (does(noun("der Mann"), verb="lesen", accusative=noun("ein Buch")), "subject",
     "der Mann liest ein Buch", "the man is reading a book"),
    # time first: the subject follows the verb
    (does(noun("der Mann"), verb="lesen", accusative=noun("ein Buch"), time="heute"), "time",
     "heute liest der Mann ein Buch", "today the man is reading a book"),
    # habits: simple present; adverbs of frequency are inside the English verb
    (does(SHE, verb="trinken", accusative=noun("Kaffee"), time="jeden Tag", tense="habit"),
     "subject", "sie trinkt jeden Tag Kaffee", "she drinks coffee every day"),
    (does(SHE, verb="trinken", accusative=noun("Kaffee"), time="nie", tense="habit"), "subject",
     "sie trinkt nie Kaffee", "she never drinks coffee"),
    (does(SHE, verb="trinken", accusative=noun("Kaffee"), time="manchmal", tense="habit"), "time",
     "manchmal trinkt sie Kaffee", "sometimes she drinks coffee"),
    # states have no progressive
    (does(HE, verb="brauchen", accusative=noun("der neu Mantel")), "subject",
     "er braucht den neuen Mantel", "he needs the new coat"),
    # separable verbs
    (does(ME, verb="aufstehen", complement=EARLY, time="heute"), "subject",
     "ich stehe heute früh auf", "I am getting up early today"),
    (does(noun("die Frau"), verb="abholen", accusative=noun("der Junge")), "subject",
     "die Frau holt den Jungen ab", "the woman is picking the boy up"),
    (does(noun("die Frau"), verb="anrufen", accusative=HE, time="gestern", tense="past"), "subject",
     "die Frau hat ihn gestern angerufen", "the woman called him yesterday"),
    (does(THEY, verb="zumachen", accusative=noun("die Tür"), modal="müssen"), "subject",
     "sie müssen die Tür zumachen", "they have to close the door"),
    # modal verbs
    (does(ANNA, verb="lesen", accusative=noun("die Zeitung"), modal="wollen", time="morgen"),
     "time", "morgen will Anna die Zeitung lesen", "tomorrow Anna wants to read the newspaper"),
    (does(noun("das Kind"), verb="spielen", modal="dürfen", negated=True), "subject",
     "das Kind darf nicht spielen", "the child is not allowed to play"),
    (does(HE, verb="arbeiten", modal="können", time="heute", negated=True), "subject",
     "er kann heute nicht arbeiten", "he cannot work today"),
    (does(ME, verb="gehen", complement=INTO_TOWN, modal="müssen", negated=True), "subject",
     "ich muss nicht in die Stadt gehen", "I do not have to go to the city"),
    # the perfect, with haben and sein
    (does(noun("das Mädchen"), verb="schreiben", accusative=noun("ein Brief"), tense="past"),
     "subject", "das Mädchen hat einen Brief geschrieben", "the girl wrote a letter"),
    (does(noun("der Zug"), verb="ankommen", time="gestern", tense="past", negated=True), "subject",
     "der Zug ist gestern nicht angekommen", "the train did not arrive yesterday"),
    # nicht: after definite objects and time, before places, predicates and prepositions
    (does(HE, verb="lesen", accusative=noun("das Buch"), time="heute", negated=True), "subject",
     "er liest das Buch heute nicht", "he is not reading the book today"),
    (does(HE, verb="sein", complement=TIRED, time="heute", negated=True), "subject",
     "er ist heute nicht müde", "he is not tired today"),
    (does(HE, verb="schlafen", complement=GARDEN, negated=True), "subject",
     "er schläft nicht im Garten", "he is not sleeping in the garden"),
    (does(HE, verb="warten", complement=FOR_THE_BUS, negated=True), "subject",
     "er wartet nicht auf den Bus", "he is not waiting for the bus"),
    # kein
    (does(HE, verb="haben", accusative=noun("kein Auto"), absent=True), "subject",
     "er hat kein Auto", "he does not have a car"),
    (does(THEY, verb="kaufen", accusative=noun("kein Apfel", plural=True), absent=True), "subject",
     "sie kaufen keine Äpfel", "they are not buying any apples"),
    # two objects: dative before accusative, definite before indefinite
    (does(noun("der Arzt"), verb="geben", dative=noun("die alt Frau"), accusative=noun("ein Ei")),
     "subject", "der Arzt gibt der alten Frau ein Ei", "the doctor is giving the old woman an egg"),
    (does(ME, verb="zeigen", dative=noun("ein Mann"), accusative=noun("das Bild")), "subject",
     "ich zeige das Bild einem Mann", "I am showing a man the picture"),
    (does(HE, verb="bringen", dative=THEY, accusative=noun("Milch"), time="jetzt"), "subject",
     "er bringt ihnen jetzt Milch", "he is bringing them milk now"),
    # objects and places first; English does not follow
    (does(noun("der Mann"), verb="sehen", accusative=noun("der Hund"), negated=True), "accusative",
     "den Hund sieht der Mann nicht", "the man does not see the dog"),
    (does(SHE, verb="helfen", dative=noun("mein Bruder"), time="jetzt"), "dative",
     "meinem Bruder hilft sie jetzt", "she is helping my brother now"),
    (does(noun("das Kind", plural=True), verb="spielen", complement=GARDEN), "complement",
     "im Garten spielen die Kinder", "the children are playing in the garden"),
    # a place precedes an indefinite object and follows a definite one
    (does(SHE, verb="essen", accusative=noun("ein Apfel"), complement=GARDEN), "subject",
     "sie isst im Garten einen Apfel", "she is eating an apple in the garden"),
    (does(SHE, verb="essen", accusative=noun("der Apfel"), complement=GARDEN), "subject",
     "sie isst den Apfel im Garten", "she is eating the apple in the garden"),
]  # fmt: skip  # a sentence reads best beside its translation


@pytest.mark.parametrize(
    ("clause", "front", "source", "target"), STATEMENTS, ids=[row[2] for row in STATEMENTS]
)
def test_statements_equal_those_written_by_hand(clause, front, source, target) -> None:
    assert german.verb_second(clause, front=front) == source
    assert english.statement(clause, time_first=front == "time") == target


QUESTIONS = [
    (does(YOU, verb="helfen", dative=noun("dein Vater"), time="heute"),
     "hilfst du heute deinem Vater", "are you helping your father today"),
    (does(YOU, verb="haben", accusative=noun("ein Hund")),
     "hast du einen Hund", "do you have a dog"),
    (does(HE, verb="aufmachen", accusative=noun("das Fenster"), time="gestern", tense="past"),
     "hat er gestern das Fenster aufgemacht", "did he open the window yesterday"),
    (does(SHE, verb="kochen", time="oft", tense="habit"),
     "kocht sie oft", "does she often cook"),
    (does(noun("der Bus"), verb="ankommen", complement=EARLY),
     "kommt der Bus früh an", "is the bus arriving early"),
    (does(YOU, verb="gehen", complement=INTO_TOWN, modal="wollen"),
     "willst du in die Stadt gehen", "do you want to go to the city"),
    (does(ME, verb="schlafen", modal="dürfen"),
     "darf ich schlafen", "am I allowed to sleep"),
    (does(noun("der Kaffee"), verb="sein", complement=Complement("kalt", "cold", close=True)),
     "ist der Kaffee kalt", "is the coffee cold"),
]  # fmt: skip  # a question reads best beside its translation


@pytest.mark.parametrize(
    ("clause", "source", "target"), QUESTIONS, ids=[row[1] for row in QUESTIONS]
)
def test_questions_equal_those_written_by_hand(clause, source, target) -> None:
    assert german.verb_first(clause) == source
    assert english.question(clause) == target


SUBORDINATE = [
    (does(HE, verb="sein", complement=TIRED), "weil er müde ist"),
    (does(HE, verb="lesen", accusative=noun("das Buch"), negated=True),
     "weil er das Buch nicht liest"),
    (does(noun("der Zug"), verb="ankommen"), "weil der Zug ankommt"),
    (does(noun("der Zug"), verb="ankommen", tense="past"), "weil der Zug angekommen ist"),
    (does(ANNA, verb="zumachen", accusative=noun("die Tür"), time="jetzt"),
     "weil Anna jetzt die Tür zumacht"),
    (does(ANNA, verb="helfen", dative=ME, tense="past"), "weil Anna mir geholfen hat"),
    (does(THEY, verb="aufstehen", complement=EARLY, modal="müssen"),
     "weil sie früh aufstehen müssen"),
    (does(THEY, verb="fahren", complement=INTO_TOWN, time="oft"),
     "weil sie oft in die Stadt fahren"),
]  # fmt: skip  # as above


@pytest.mark.parametrize(("clause", "source"), SUBORDINATE, ids=[row[1] for row in SUBORDINATE])
def test_subordinate_clauses_end_with_their_finite_verb(clause, source) -> None:
    assert german.verb_last(clause, conjunction="weil") == source


def test_english_no_excludes_not() -> None:
    there = Nominal(HE.german, "there", "there", 3, plural=False, be="are")
    dogs = noun_phrase(
        next(noun for noun in NOUNS if noun.english == "dog"), determiner=NO, plural=True
    )
    clause = Clause(there, VERBS["sein"], accusative=dogs, complement=GARDEN)
    assert english.statement(clause) == "there are no dogs in the garden"
