from __future__ import annotations

import pytest

from harness_datasets.toy_german.inflection import CASES, finite_form, third_person
from harness_datasets.toy_german.lexicon import ADJECTIVES, MODALS, NOUNS, VERBS
from harness_datasets.toy_german.phrases import BARE, DETERMINERS, noun_phrase

NOUN = {noun.singular: noun for noun in NOUNS}

# Nominative, accusative, dative; masculine, feminine, neuter, plural. Typed from a grammar book's
# tables of weak, mixed and strong endings, not from the code.
DECLENSIONS = {
    "der": """
        der alte Hund    die alte Katze   das alte Kaninchen   die alten Hunde
        den alten Hund   die alte Katze   das alte Kaninchen   die alten Hunde
        dem alten Hund   der alten Katze  dem alten Kaninchen  den alten Hunden
    """,
    "dies": """
        dieser alte Hund    diese alte Katze    dieses alte Kaninchen   diese alten Hunde
        diesen alten Hund   diese alte Katze    dieses alte Kaninchen   diese alten Hunde
        diesem alten Hund   dieser alten Katze  diesem alten Kaninchen  diesen alten Hunden
    """,
    "ein": """
        ein alter Hund     eine alte Katze    ein altes Kaninchen
        einen alten Hund   eine alte Katze    ein altes Kaninchen
        einem alten Hund   einer alten Katze  einem alten Kaninchen
    """,
    "kein": """
        kein alter Hund     keine alte Katze    kein altes Kaninchen    keine alten Hunde
        keinen alten Hund   keine alte Katze    kein altes Kaninchen    keine alten Hunde
        keinem alten Hund   keiner alten Katze  keinem alten Kaninchen  keinen alten Hunden
    """,
    "mein": """
        mein alter Hund     meine alte Katze    mein altes Kaninchen    meine alten Hunde
        meinen alten Hund   meine alte Katze    mein altes Kaninchen    meine alten Hunde
        meinem alten Hund   meiner alten Katze  meinem alten Kaninchen  meinen alten Hunden
    """,
    "unser": """
        unser alter Hund     unsere alte Katze    unser altes Kaninchen    unsere alten Hunde
        unseren alten Hund   unsere alte Katze    unser altes Kaninchen    unsere alten Hunde
        unserem alten Hund   unserer alten Katze  unserem alten Kaninchen  unseren alten Hunden
    """,
}
DECLENSIONS["dein"] = DECLENSIONS["mein"].replace("mein", "dein")
COLUMNS = (("Hund", False), ("Katze", False), ("Kaninchen", False), ("Hund", True))


def phrases(table: str) -> list[list[str]]:
    lines = table.strip().splitlines()
    return [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in lines]


@pytest.mark.parametrize("word", DECLENSIONS)
def test_articles_and_adjectives_decline_as_in_the_grammar_book(word: str) -> None:
    alt = ADJECTIVES["alt"]
    for case, row in zip(CASES, phrases(DECLENSIONS[word]), strict=True):
        declined = [
            noun_phrase(NOUN[noun], determiner=DETERMINERS[word], adjective=alt, plural=plural)
            for noun, plural in COLUMNS[: len(row)]
        ]
        assert [phrase.german[case] for phrase in declined] == row


def test_adjectives_are_strong_without_an_article() -> None:
    frisch = ADJECTIVES["frisch"]
    table = """
        frischer Kaffee   frische Milch   frisches Wasser
        frischen Kaffee   frische Milch   frisches Wasser
        frischem Kaffee   frischer Milch  frischem Wasser
    """
    for case, row in zip(CASES, phrases(table), strict=True):
        declined = [
            noun_phrase(NOUN[noun], determiner=BARE, adjective=frisch)
            for noun in ("Kaffee", "Milch", "Wasser")
        ]
        assert [phrase.german[case] for phrase in declined] == row


@pytest.mark.parametrize(
    ("word", "forms"),
    [
        ("", ["alte Hunde", "alte Hunde", "alten Hunden"]),
        ("zwei", ["zwei alte Hunde", "zwei alte Hunde", "zwei alten Hunden"]),
        ("drei", ["drei alte Hunde", "drei alte Hunde", "drei alten Hunden"]),
        ("viel", ["viele alte Hunde", "viele alte Hunde", "vielen alten Hunden"]),
    ],
)
def test_adjectives_are_strong_after_numbers(word: str, forms: list[str]) -> None:
    determiner = DETERMINERS[word] if word else BARE
    hunde = noun_phrase(
        NOUN["Hund"], determiner=determiner, adjective=ADJECTIVES["alt"], plural=True
    )
    assert [hunde.german[case] for case in CASES] == forms


@pytest.mark.parametrize(
    ("noun", "forms"),
    [
        ("Bauer", ["der Bauer", "den Bauern", "dem Bauern", "die Bauern", "den Bauern"]),
        ("Junge", ["der Junge", "den Jungen", "dem Jungen", "die Jungen", "den Jungen"]),
        ("Arzt", ["der Arzt", "den Arzt", "dem Arzt", "die Ärzte", "den Ärzten"]),
        ("Frau", ["die Frau", "die Frau", "der Frau", "die Frauen", "den Frauen"]),
        ("Vogel", ["der Vogel", "den Vogel", "dem Vogel", "die Vögel", "den Vögeln"]),
        ("Auto", ["das Auto", "das Auto", "dem Auto", "die Autos", "den Autos"]),
        ("Buch", ["das Buch", "das Buch", "dem Buch", "die Bücher", "den Büchern"]),
        ("Zimmer", ["das Zimmer", "das Zimmer", "dem Zimmer", "die Zimmer", "den Zimmern"]),
    ],
)
def test_nouns_decline_including_weak_ones(noun: str, forms: list[str]) -> None:
    singular = noun_phrase(NOUN[noun], determiner=DETERMINERS["der"]).german
    plural = noun_phrase(NOUN[noun], determiner=DETERMINERS["der"], plural=True).german
    assert [*singular.values(), plural["nominative"], plural["dative"]] == forms


@pytest.mark.parametrize(
    ("adjective", "noun", "phrase"),
    [
        ("müde", "Junge", "ein müder Junge"),
        ("teuer", "Uhr", "eine teure Uhr"),
        ("teuer", "Auto", "ein teures Auto"),
        ("groß", "Haus", "ein großes Haus"),
    ],
)
def test_stems_that_change_before_an_ending(adjective: str, noun: str, phrase: str) -> None:
    declined = noun_phrase(
        NOUN[noun], determiner=DETERMINERS["ein"], adjective=ADJECTIVES[adjective]
    )
    assert declined.german["nominative"] == phrase


@pytest.mark.parametrize(
    ("infinitive", "forms"),
    [
        ("sein", "bin bist ist sind"),
        ("haben", "habe hast hat haben"),
        ("lesen", "lese liest liest lesen"),
        ("essen", "esse isst isst essen"),
        ("sehen", "sehe siehst sieht sehen"),
        ("geben", "gebe gibst gibt geben"),
        ("sitzen", "sitze sitzt sitzt sitzen"),
        ("tanzen", "tanze tanzt tanzt tanzen"),
        ("arbeiten", "arbeite arbeitest arbeitet arbeiten"),
        ("warten", "warte wartest wartet warten"),
        ("füttern", "füttere fütterst füttert füttern"),
        ("fahren", "fahre fährst fährt fahren"),
        ("einschlafen", "schlafe schläfst schläft schlafen"),
        ("aufräumen", "räume räumst räumt räumen"),
        ("reparieren", "repariere reparierst repariert reparieren"),
        ("wissen", "weiß weißt weiß wissen"),
        ("können", "kann kannst kann können"),
        ("wollen", "will willst will wollen"),
        ("müssen", "muss musst muss müssen"),
        ("dürfen", "darf darfst darf dürfen"),
    ],
)
def test_verbs_conjugate_as_in_the_grammar_book(infinitive: str, forms: str) -> None:
    verb = MODALS[infinitive].verb if infinitive in MODALS else VERBS[infinitive]
    persons = ((1, False), (2, False), (3, False), (3, True))
    conjugated = [finite_form(verb, person=person, plural=plural) for person, plural in persons]
    assert " ".join(conjugated) == forms


@pytest.mark.parametrize(
    ("base", "form"),
    [
        ("read", "reads"),
        ("go shopping", "goes shopping"),
        ("tidy", "tidies"),
        ("buy", "buys"),
        ("play", "plays"),
        ("have to read", "has to read"),
        ("wash", "washes"),
        ("pick * up", "picks * up"),
    ],
)
def test_the_english_s_is_added_to_the_first_word(base: str, form: str) -> None:
    assert third_person(base) == form


@pytest.mark.parametrize(
    ("determiner", "noun", "adjective", "plural", "english"),
    [
        ("ein", "Apfel", None, False, "an apple"),
        ("ein", "Apfel", "rot", False, "a red apple"),
        ("ein", "Mann", "alt", False, "an old man"),
        ("dies", "Kind", None, False, "this child"),
        ("dies", "Kind", None, True, "these children"),
        ("dies", "Wasser", None, False, "this water"),
        ("kein", "Hund", None, False, "a dog"),
        ("kein", "Hund", None, True, "any dogs"),
        ("kein", "Brot", None, False, "any bread"),
        ("viel", "Fisch", None, True, "many fish"),
    ],
)
def test_english_articles_agree(determiner, noun, adjective, plural, english) -> None:
    phrase = noun_phrase(
        NOUN[noun],
        determiner=DETERMINERS[determiner],
        adjective=ADJECTIVES[adjective] if adjective else None,
        plural=plural,
    )
    assert phrase.english == english
