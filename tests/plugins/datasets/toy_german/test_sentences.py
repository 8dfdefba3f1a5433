"""Properties of every generated sentence, checked by its words alone."""

from __future__ import annotations

import re
from collections import Counter, defaultdict

import pytest

from harness.contracts import Pair

# Finite verbs of the grammar, listed by a native speaker: I, you, he, we.
PLAIN = [
    "bin",
    "bist",
    "ist",
    "sind",
    "habe",
    "hast",
    "hat",
    "haben",
    "sehe",
    "siehst",
    "sieht",
    "sehen",
    "brauche",
    "brauchst",
    "braucht",
    "brauchen",
    "schlafe",
    "schläfst",
    "schläft",
    "schlafen",
    "arbeite",
    "arbeitest",
    "arbeitet",
    "arbeiten",
    "tanze",
    "tanzt",
    "tanzen",
    "spiele",
    "spielst",
    "spielt",
    "spielen",
    "warte",
    "wartest",
    "wartet",
    "warten",
    "sitze",
    "sitzt",
    "sitzen",
    "bleibe",
    "bleibst",
    "bleibt",
    "bleiben",
    "gehe",
    "gehst",
    "geht",
    "gehen",
    "läuft",
    "laufen",
    "fahre",
    "fährst",
    "fährt",
    "fahren",
    "esse",
    "isst",
    "essen",
    "trinke",
    "trinkst",
    "trinkt",
    "trinken",
    "koche",
    "kochst",
    "kocht",
    "kochen",
    "lese",
    "liest",
    "lesen",
    "schreibe",
    "schreibst",
    "schreibt",
    "schreiben",
    "kaufe",
    "kaufst",
    "kauft",
    "kaufen",
    "suche",
    "suchst",
    "sucht",
    "suchen",
    "trage",
    "trägst",
    "trägt",
    "tragen",
    "repariere",
    "reparierst",
    "repariert",
    "reparieren",
    "füttere",
    "fütterst",
    "füttert",
    "füttern",
    "besuche",
    "besuchst",
    "besucht",
    "besuchen",
    "lege",
    "legst",
    "legt",
    "legen",
    "gebe",
    "gibst",
    "gibt",
    "geben",
    "zeige",
    "zeigst",
    "zeigt",
    "zeigen",
    "bringe",
    "bringst",
    "bringt",
    "bringen",
    "helfe",
    "hilfst",
    "hilft",
    "helfen",
    "regnet",
    "gehört",
    "gehören",
    "gefällt",
    "gefallen",
    "weiß",
    "wissen",
    "glaube",
    "glaubt",
    "glauben",
    "hoffe",
    "hofft",
    "hoffen",
    "kann",
    "kannst",
    "können",
    "will",
    "willst",
    "wollen",
    "muss",
    "musst",
    "müssen",
    "darf",
    "darfst",
    "dürfen",
]
SEPARABLE = {
    "an": "rufe rufst ruft rufen kommt kommen",
    "ab": "hole holst holt holen",
    "auf": "stehe stehst steht stehen räume räumst räumt räumen",
    "ein": "",  # ein|schlafen, ein|kaufen: the same forms are verbs without the prefix
    "auf zu": "mache machst macht machen",
}
APART = {form: prefix for prefix, forms in SEPARABLE.items() for form in forms.split()}
FINITE = {*PLAIN, *APART}
JOINED = {
    prefix + form
    for prefixes, forms in SEPARABLE.items()
    for prefix in prefixes.split()
    for form in forms.split()
} | {"einkaufe", "einkauft", "einkaufen", "einschlafe", "einschläft", "einschlafen"}

PRONOUNS = {"Ich", "Du", "Er", "Sie", "Es", "Wir", "Ihm", "Ihr", "Ihnen", "Mir", "Uns"}
NAMES = {"Anna", "Paul"}
ADVERBS = {"Heute", "Jetzt", "Gestern", "Morgen", "Manchmal"}
TWO_WORDS = {("Jeden", "Tag"), ("Am", "Montag")}
ASKING = {"Was", "Wen", "Wer", "Wo", "Wohin", "Wann", "Warum"}
CONJUNCTIONS = {"weil", "obwohl", "wenn", "dass"}

GENDERS = {
    "m": "Mann Arzt Bauer Bauern Junge Jungen Bruder Vater Hund Vogel Apfel Fisch Käse Kaffee Brief"
    " Mantel Ball Zug Bus Garten Wald Markt Bahnhof Tisch Stuhl Korb",
    "f": "Frau Lehrerin Schwester Mutter Katze Birne Suppe Milch Zeitung Geschichte Jacke Uhr Tür"
    " Stadt Küche",
    "n": "Mädchen Kind Kaninchen Ei Brot Wasser Buch Hemd Bild Auto Fahrrad Fenster Dorf Haus"
    " Zimmer Bett",
    "p": "Männer Männern Frauen Ärzte Ärzten Lehrerinnen Bauern Jungen Mädchen Kinder Kindern"
    " Brüder Brüdern Schwestern Hunde Hunden Katzen Kaninchen Vögel Vögeln Äpfel Äpfeln Birnen"
    " Fische Fischen Eier Eiern Bücher Büchern Zeitungen Briefe Briefen Geschichten Mäntel Mänteln"
    " Jacken Hemden Bälle Bällen Uhren Bilder Bildern Autos Fahrräder Fahrrädern Türen Fenster"
    " Fenstern Züge Zügen Busse Bussen Gärten Wälder Wäldern Städte Städten Dörfer Dörfern"
    " Märkte Märkten Bahnhöfe Bahnhöfen Zimmer Häuser Küchen Tische Stühle Betten Körbe",
}
NOUNS = {noun for nouns in GENDERS.values() for noun in nouns.split()}
# Valid combinations of the ending of the article, that of the adjective, and the gender.
AGREE = {
    *("der e m", "den en m", "dem en m", "er e m", "en en m", "em en m", "- er m"),
    *("die e f", "der en f", "e e f", "er en f"),
    *("das e n", "dem en n", "es e n", "em en n", "- es n"),
    *("die en p", "den en p", "e en p", "en en p"),
    *("viele e p", "vielen en p", "zwei e p", "zwei en p", "drei e p", "drei en p"),
}
EIN_WORDS = r"(?:k?ein|mein|dein|sein|ihr|unser|dies)"
ADJECTIVES = (
    "alt jung klein groß neu schön rot schwarz teur lang frisch warm kalt müd hungrig krank"
)
NOUN_PHRASE = re.compile(
    rf"\b(?i:(der|die|das|den|dem|viele|vielen|zwei|drei)|{EIN_WORDS}(e|en|em|er|es)?)"
    rf" (?:{ADJECTIVES.replace(' ', '|')})(e|en|em|er|es) ([A-ZÄÖÜ]\w+)"
)


def clauses(sentence: str) -> list[list[str]]:
    """The words of each clause."""
    return [clause.split() for clause in sentence.rstrip(".?").split(", ")]


def front(words: list[str]) -> int:
    """The number of words before the finite verb, if it is the second constituent."""
    if words[0] in PRONOUNS | NAMES | ADVERBS | ASKING:
        return 1
    if tuple(words[:2]) in TWO_WORDS:
        return 2
    if words[0] in NOUNS and words[1].islower():
        return 1
    return next(place for place, word in enumerate(words) if place and word[0].isupper()) + 1


def main_clauses(sentence: str) -> list[tuple[list[str], int]]:
    """Main clauses, with the required index of their finite verb."""
    parts = clauses(sentence)
    if parts[0][0].lower() in CONJUNCTIONS:
        return [(parts[1], 0)]
    if sentence.endswith("?") and parts[0][0] not in ASKING:
        return [(parts[0], 0)]
    main = [(parts[0], front(parts[0]))]
    if len(parts) > 1 and parts[1][0] == "aber":
        after = [parts[1][1].title(), *parts[1][2:]]
        main.append((after, front(after)))
    return main


def test_the_finite_verb_is_second_or_starts_a_question(sentences: list[Pair]) -> None:
    faults = [
        source
        for source, _ in sentences
        for words, place in main_clauses(source)
        if words[place].lower() not in FINITE
    ]
    assert faults == []


def test_the_finite_verb_is_last_in_subordinate_clauses(sentences: list[Pair]) -> None:
    subordinate = [
        (source, words)
        for source, _ in sentences
        for words in clauses(source)
        if words[0].lower() in CONJUNCTIONS
    ]
    assert len(subordinate) > 800
    assert [source for source, words in subordinate if words[-1] not in FINITE | JOINED] == []


def test_separable_verbs_leave_their_prefix_at_the_end_of_a_main_clause(
    sentences: list[Pair],
) -> None:
    checked = Counter[str]()
    for source, _ in sentences:
        for words, place in main_clauses(source):
            prefixes = APART.get(words[place].lower(), "")
            checked[words[-1]] += bool(prefixes)
            assert not prefixes or words[-1] in prefixes.split(), source
    assert min(checked[prefix] for prefix in ("an", "ab", "auf", "zu")) > 30


def test_articles_and_adjectives_agree_with_their_noun(sentences: list[Pair]) -> None:
    genders_of = defaultdict(set)
    for gender, nouns in GENDERS.items():
        for noun in nouns.split():
            genders_of[noun].add(gender)
    matches = [match for source, _ in sentences for match in NOUN_PHRASE.finditer(source)]
    assert len(matches) > 1000
    faults = [
        match[0]
        for match in matches
        if not any(
            f"{(match[1] or match[2] or '-').lower()} {match[3]} {gender}" in AGREE
            for gender in genders_of[match[4]]
        )
    ]
    assert faults == []


@pytest.mark.parametrize(
    "pattern",
    [
        r"kauf\w+ d\w+ ([A-ZÄÖÜ]\w+)(?: nicht)?, weil (er|sie|es) ",  # the thing bought
        r"^(?:Weil|Obwohl|Wenn) \w+ ([A-ZÄÖÜ]\w+) .*, \w+ (er|sie|es)\b",  # the subject
    ],
)
def test_pronouns_agree_with_the_noun_before_them_in_gender(
    sentences: list[Pair], pattern: str
) -> None:
    counts = Counter(
        match.groups() for pair in sentences if (match := re.search(pattern, pair.source))
    )
    assert {pronoun for _, pronoun in counts} == {"er", "sie", "es"}
    genders = {"er": "m", "sie": "fp", "es": "n"}
    nouns = {
        pronoun: " ".join(GENDERS[gender] for gender in genders[pronoun]) for pronoun in genders
    }
    assert [(noun, pronoun) for noun, pronoun in counts if noun not in nouns[pronoun].split()] == []


def test_sentences_are_capitalized_and_punctuated(sentences: list[Pair]) -> None:
    for source, target in sentences:
        for line in (source, target):
            assert re.fullmatch(r"[A-ZÄÖÜ][\w ,]*[.?]", line)
            assert "  " not in line
            assert " ," not in line
            assert 2 <= len(line.split()) <= 12
        assert source[-1] == target[-1]


def test_a_comma_separates_every_subordinate_clause_from_its_main_clause(
    sentences: list[Pair],
) -> None:
    for source, _ in sentences:
        inside = re.sub(r"^\w+", "", source)
        assert not re.search(r"[^,] (weil|obwohl|wenn|dass|aber) ", inside), source


def test_an_before_vowels_and_a_otherwise(sentences: list[Pair]) -> None:
    english = " ".join(pair.target for pair in sentences)
    assert not re.search(r"\ba [aeiou]|\ban [^aeiou]", english, re.IGNORECASE)
    assert re.search(r"\ban [aeiou]", english)


@pytest.mark.parametrize("side", [0, 1])
def test_there_are_a_few_hundred_words(sentences: list[Pair], side: int) -> None:
    words = {word.lower() for pair in sentences for word in re.findall(r"\w+", pair[side])}
    assert 300 <= len(words) <= 700


def test_every_kind_of_sentence_occurs(sentences: list[Pair]) -> None:
    sources = "\n".join(pair.source for pair in sentences)
    for sign in (
        r"\bnicht\b", r"\bkein", r", weil ", r", obwohl ", r"^Wenn .*, ", r", dass ", r", aber ",
        r"\bgibt es\b", r"^Was ", r"^Wen ", r"^Wo ", r"^Wohin ", r"^Wann ", r"^Warum ", r"^Wer ",
        r"\bkann\b", r"\bwill\b", r"\bmuss\b", r"\bdarf\b", r"\bgefällt\b", r"\bgehört\b",
        r"\bist .* gegangen\b", r"\bhat .* gelesen\b", r"^Den ", r"^Dem ", r"\bzum Bahnhof\b",
        r"\bins\b", r"\bauf den Tisch\b", r"\bauf dem Stuhl\b",
    ):  # fmt: skip  # one pattern per line would fill a page
        assert len(re.findall(sign, sources, re.MULTILINE)) >= 3, sign


def test_a_german_sentence_has_one_translation(sentences: list[Pair]) -> None:
    targets = defaultdict(set)
    for source, target in sentences:
        targets[source].add(target)
    assert [source for source, translations in targets.items() if len(translations) > 1] == []
