"""The lexicon: everyday German words, each with its only English translation."""

from __future__ import annotations

from collections.abc import Mapping

from harness_datasets.toy_german.words import Adjective, Modal, Noun, Place, Time, Verb, rows

_NOUNS = {
    "adult": """
        der Mann                 die Männer         man, men              he
        die Frau                 die Frauen         woman, women          she
        der Arzt                 die Ärzte          doctor, doctors       he
        die Lehrerin             die Lehrerinnen    teacher, teachers     she
        der Bauer, den Bauern    die Bauern         farmer, farmers       he
    """,
    "child": """
        der Junge, den Jungen    die Jungen         boy, boys             he
        das Mädchen              die Mädchen        girl, girls           she
        das Kind                 die Kinder         child, children       -
    """,
    "sibling": """
        der Bruder               die Brüder         brother, brothers     he
        die Schwester            die Schwestern     sister, sisters       she
    """,
    "parent": """
        der Vater                -                  father                he
        die Mutter               -                  mother                she
    """,
    "animal": """
        der Hund                 die Hunde          dog, dogs
        die Katze                die Katzen         cat, cats
        das Kaninchen            die Kaninchen      rabbit, rabbits
    """,
    "bird": """
        der Vogel                die Vögel          bird, birds
    """,
    "fruit": """
        der Apfel                die Äpfel          apple, apples
        die Birne                die Birnen         pear, pears
    """,
    "meal": """
        der Fisch                die Fische         fish, fish
        das Ei                   die Eier           egg, eggs
    """,
    "bread": """
        das Brot                 -                  bread
        der Käse                 -                  cheese
    """,
    "soup": """
        die Suppe                -                  soup
    """,
    "drink": """
        der Kaffee               -                  coffee
        die Milch                -                  milk
        das Wasser               -                  water
    """,
    "reading": """
        das Buch                 die Bücher         book, books
        die Zeitung              die Zeitungen      newspaper, newspapers
    """,
    "writing": """
        der Brief                die Briefe         letter, letters
        die Geschichte           die Geschichten    story, stories
    """,
    "clothing": """
        der Mantel               die Mäntel         coat, coats
        die Jacke                die Jacken         jacket, jackets
        das Hemd                 die Hemden         shirt, shirts
    """,
    "thing": """
        der Ball                 die Bälle          ball, balls
        die Uhr                  die Uhren          watch, watches
        das Bild                 die Bilder         picture, pictures
    """,
    "vehicle": """
        das Auto                 die Autos          car, cars
        das Fahrrad              die Fahrräder      bicycle, bicycles
    """,
    "opening": """
        die Tür                  die Türen          door, doors
        das Fenster              die Fenster        window, windows
    """,
    "transport": """
        der Zug                  die Züge           train, trains
        der Bus                  die Busse          bus, buses
    """,
}

# The last columns are the prepositions at rest and in motion.
_PLACES = {
    "outside": """
        der Garten     die Gärten       garden, gardens       in, in       in, into
        der Wald       die Wälder       forest, forests       in, in       in, into
        die Stadt      die Städte       city, cities          in, in       in, to
        das Dorf       die Dörfer       village, villages     in, in       in, to
        der Markt      die Märkte       market, markets       auf, auf     at, to
        der Bahnhof    die Bahnhöfe     station, stations     an, zu       at, to
    """,
    "room": """
        die Küche      die Küchen       kitchen, kitchens     in, in       in, into
        das Haus       die Häuser       house, houses         in, in       in, into
        das Zimmer     die Zimmer       room, rooms           in, in       in, into
    """,
    "furniture": """
        der Tisch      die Tische       table, tables         auf, auf     on, on
        der Stuhl      die Stühle       chair, chairs         auf, auf     on, on
        das Bett       die Betten       bed, beds             auf, auf     on, on
        der Korb       die Körbe        basket, baskets       in, in       in, into
    """,
}

# Predicative form, stem, English, and the kinds of noun that it may describe.
_ADJECTIVES = """
    alt           alt           old           adult animal clothing vehicle outside room furniture
    jung          jung          young         adult animal bird
    klein         klein         small         child animal bird vehicle outside room furniture
    groß          groß          big           animal fruit meal room furniture
    neu           neu           new           clothing thing vehicle reading room furniture
    schön         schön         beautiful     clothing thing writing outside room bird
    rot           rot           red           clothing vehicle
    schwarz       schwarz       black         clothing animal bird
    teuer         teur          expensive     clothing thing vehicle
    lang          lang          long          writing
    frisch        frisch        fresh         bread drink fruit meal
    warm          warm          warm          clothing soup drink
    kalt          kalt          cold          drink
    müde          müd           tired         adult child sibling parent
    glücklich     glücklich     happy         adult child sibling parent
    freundlich    freundlich    friendly      adult sibling
    hungrig       hungrig       hungry        child animal bird
    krank         krank         sick          adult child sibling parent animal
"""

# German, English, its English position (inside: next to the verb), and if it may come first.
_TIMES = {
    "now": """
        heute         today         -         first
        jetzt         now           -         first
    """,
    "past": """
        gestern       yesterday     -         first
        am Montag     on Monday     -         first
    """,
    "habit": """
        jeden Tag     every day     -         first
        manchmal      sometimes     inside    first
        oft           often         inside    -
        immer         always        inside    -
    """,
    "never": """
        nie           never         inside    -
    """,
    "plan": """
        heute         today         -         first
        morgen        tomorrow      -         first
    """,
}

_VERBS = """
    sein            ist          ist gewesen           be             -              -
    haben           hat          gehabt                have           -              -
    gehören         gehört       gehört                belong to      -              -
    gefallen        gefällt      gefallen              like           -              -
    wissen          weiß         gewusst               know           -              -
    glauben         glaubt       geglaubt              believe        -              -
    hoffen          hofft        gehofft               hope           -              -
    sehen           sieht        gesehen               see            saw            -
    brauchen        braucht      gebraucht             need           needed         -
    schlafen        schläft      geschlafen            sleep          slept          sleeping
    arbeiten        arbeitet     gearbeitet            work           worked         working
    tanzen          tanzt        getanzt               dance          danced         dancing
    spielen         spielt       gespielt              play           played         playing
    warten          wartet       gewartet              wait           waited         waiting
    sitzen          sitzt        gesessen              sit            sat            sitting
    bleiben         bleibt       ist geblieben         stay           stayed         staying
    gehen           geht         ist gegangen          go             went           going
    laufen          läuft        ist gelaufen          run            ran            running
    fahren          fährt        ist gefahren          drive          drove          driving
    an|kommen       kommt        ist angekommen        arrive         arrived        arriving
    auf|stehen      steht        ist aufgestanden      get up         got up         getting up
    ein|schlafen    schläft      ist eingeschlafen     fall asleep    fell asleep    falling asleep
    ein|kaufen      kauft        eingekauft            go shopping    went shopping  going shopping
    essen           isst         gegessen              eat            ate            eating
    trinken         trinkt       getrunken             drink          drank          drinking
    kochen          kocht        gekocht               cook           cooked         cooking
    lesen           liest        gelesen               read           read           reading
    schreiben       schreibt     geschrieben           write          wrote          writing
    kaufen          kauft        gekauft               buy            bought         buying
    suchen          sucht        gesucht               look for       looked for     looking for
    tragen          trägt        getragen              wear           wore           wearing
    reparieren      repariert    repariert             repair         repaired       repairing
    füttern         füttert      gefüttert             feed           fed            feeding
    besuchen        besucht      besucht               visit          visited        visiting
    legen           legt         gelegt                put            put            putting
    an|rufen        ruft         angerufen             call           called         calling
    ab|holen        holt         abgeholt              pick * up      picked * up    picking * up
    auf|räumen      räumt        aufgeräumt            tidy           tidied         tidying
    auf|machen      macht        aufgemacht            open           opened         opening
    zu|machen       macht        zugemacht             close          closed         closing
    geben           gibt         gegeben               give           gave           giving
    zeigen          zeigt        gezeigt               show           showed         showing
    bringen         bringt       gebracht              bring          brought        bringing
    helfen          hilft        geholfen              help           helped         helping
    regnen          regnet       geregnet              rain           rained         raining
"""

_MODALS = """
    können     kann      can
    wollen     will      want to
    müssen     muss      have to
    dürfen     darf      be allowed to
"""

PLACES = tuple(Place.read(row, kind=kind) for kind in _PLACES for row in rows(_PLACES[kind]))
NOUNS = (
    *(Noun.read(row, kind=kind) for kind in _NOUNS for row in rows(_NOUNS[kind])),
    *(place.noun for place in PLACES),
)
ADJECTIVES: Mapping[str, Adjective] = {
    german: Adjective(german, stem, english, frozenset(kinds.split()))
    for german, stem, english, kinds in rows(_ADJECTIVES)
}
TIMES: Mapping[str, tuple[Time, ...]] = {
    when: tuple(
        Time(german, english, bool(inside), bool(first))
        for german, english, inside, first in rows(table)
    )
    for when, table in _TIMES.items()
}
VERBS: Mapping[str, Verb] = {row[0].replace("|", ""): Verb.read(row) for row in rows(_VERBS)}
MODALS: Mapping[str, Modal] = {
    row[0]: Modal(Verb.read([*row[:2], "", "", "", ""]), row[2]) for row in rows(_MODALS)
}
