"""Actions that make sense: verbs with fitting subjects, objects, places and moods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Self

from harness_datasets.toy_german.lexicon import ADJECTIVES, NOUNS, VERBS
from harness_datasets.toy_german.words import Adjective, Noun, Verb, rows

HUMAN = ("adult", "child", "sibling", "parent")
BELONGING = ("clothing", "thing", "vehicle")
_GROUPS = {"human": HUMAN, "belonging": BELONGING, "text": ("reading", "writing")}


def _kinds(cell: str) -> tuple[str, ...]:
    return tuple(kind for word in cell.split() for kind in _GROUPS.get(word, (word,)))


class Action(NamedTuple):
    """A verb with the kinds of noun that fit it; no kinds for an object that it does not take.

    `complement` is the use of an optional complement, required if `needed`. `because` and
    `although` are adjectives for the subject in such a clause, empty if none sounds natural.
    """

    verb: Verb
    subjects: tuple[str, ...]
    dative: tuple[str, ...]
    accusative: tuple[str, ...]
    complement: str
    needed: bool
    because: str
    although: str

    @classmethod
    def read(cls, row: Sequence[str]) -> Self:
        """Parse a row of the table below."""
        verb, subjects, dative, accusative, complement, because, although = row
        return cls(
            VERBS[verb],
            _kinds(subjects),
            _kinds(dative),
            _kinds(accusative),
            complement.rstrip("!"),
            complement.endswith("!"),
            because,
            although,
        )

    @property
    def has_human_subject(self) -> bool:
        """True if people do it."""
        return self.subjects[0] in HUMAN

    @property
    def has_nonhuman_object(self) -> bool:
        """True if it has an accusative object that is never a person."""
        return bool(self.accusative) and self.accusative[0] not in HUMAN


# Columns: verb; kinds of subject, dative object and accusative object; use of the complement, with
# ! if the verb requires it; adjective for "because the subject is ..."; and for "although ...".
_ACTIONS = """
    lesen        human         -      text                        home         -           müde
    essen        human         -      fruit meal bread soup       home         hungrig     krank
    sehen        human animal  -      human animal bird           place        -           -
    kaufen       human         -      fruit bread clothing thing  market       -           -
    gehen        human         -      -                           goal!        hungrig     müde
    helfen       human         human  -                           place        freundlich  müde
    aufstehen    human         -      -                           hour         -           müde
    suchen       human         -      animal clothing thing       place        -           müde
    geben        human         human  fruit reading thing         -            freundlich  -
    schlafen     human animal  -      -                           home         müde        hungrig
    trinken      human         -      drink                       home         müde        krank
    anrufen      human         -      human                       -            glücklich   müde
    spielen      child         -      -                           playmate     glücklich   müde
    arbeiten     adult         -      -                           place        -           krank
    besuchen     human         -      human                       -            glücklich   krank
    fahren       adult         -      -                           trip!        -           krank
    kochen       adult         -      meal soup                   beneficiary  hungrig     müde
    warten       human         -      -                           awaited!     -           müde
    aufmachen    human         -      opening                     -            -           -
    bringen      human         human  drink fruit writing         -            freundlich  krank
    schreiben    human         -      writing                     home         glücklich   krank
    gehören      belonging     human  -                           -            -           -
    haben        human         -      animal thing vehicle        -            -           -
    legen        human         -      reading clothing thing      onto!        -           -
    abholen      adult         -      human                       station      -           müde
    ankommen     transport     -      -                           hour         -           -
    tragen       human         -      clothing                    -            -           -
    füttern      human         -      animal bird                 -            -           müde
    zumachen     human         -      opening                     -            -           -
    bleiben      human animal  -      -                           place!       müde        hungrig
    zeigen       human         human  reading thing vehicle       -            -           -
    brauchen     human         -      belonging                   -            -           -
    tanzen       human         -      -                           partner      glücklich   müde
    einkaufen    adult         -      -                           market       hungrig     krank
    aufräumen    human         -      room                        -            -           müde
    sitzen       human         -      -                           seat!        müde        hungrig
    laufen       animal        -      -                           run!         hungrig     müde
    einschlafen  human         -      -                           seat         müde        hungrig
    reparieren   adult         -      vehicle opening             -            -           müde
"""

ACTIONS: Mapping[str, Action] = {row[0]: Action.read(row) for row in rows(_ACTIONS)}
NOUNS_OF: Mapping[str, tuple[Noun, ...]] = {
    kind: tuple(noun for noun in NOUNS if noun.kind == kind)
    for kind in dict.fromkeys(noun.kind for noun in NOUNS)
}
ADJECTIVES_OF: Mapping[str, tuple[Adjective, ...]] = {
    kind: tuple(adjective for adjective in ADJECTIVES.values() if kind in adjective.kinds)
    for kind in NOUNS_OF
}
