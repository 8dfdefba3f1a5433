"""Random sentences: the kinds of sentence with their frequencies, and capitalization."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Literal

from harness.contracts import Pair
from harness_datasets.toy_german import compounds, questions, statements
from harness_datasets.toy_german.sampler import Sampler

MAX_WORDS = 12  # in either language

_KINDS: tuple[tuple[int, Callable[[Sampler], Pair]], ...] = (
    (40, statements.action),
    (8, statements.description),
    (4, statements.existence),
    (4, statements.liking),
    (8, questions.yes_or_no),
    (6, questions.open_question),
    (3, questions.who),
    (8, compounds.report),
    (10, compounds.reason),
    (3, compounds.quality),
    (2, compounds.rainy_days),
    (2, compounds.in_the_rain),
    (3, compounds.contrast),
)
Sort = Literal["statements", "questions", "compounds"]
_WEIGHTED_KINDS = tuple(kind for weight, kind in _KINDS for _ in range(weight))


def sentence(random: Random, *, sort: Sort | None = None) -> Pair:
    """Draw a German sentence and its translation, of one sort or of all, up to a maximum length."""
    # A sort is the name of the module that has its kinds of sentence.
    kinds = [
        kind for kind in _WEIGHTED_KINDS if sort is None or kind.__module__.endswith(f".{sort}")
    ]
    sampler = Sampler(random=random)
    while True:
        source, target = random.choice(kinds)(sampler)
        if max(source.count(" "), target.count(" ")) < MAX_WORDS:
            return Pair(source[0].upper() + source[1:], target[0].upper() + target[1:])
