"""The kinds of sentence, how often each is said, and what a written sentence looks like."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Literal

from harness.contracts import Pair
from harness_datasets.toy_german import compounds, questions, statements
from harness_datasets.toy_german.speaker import Speaker

LONGEST = 12  # words, in either language

_KINDS: tuple[tuple[int, Callable[[Speaker], Pair]], ...] = (
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
_DRAWN = tuple(kind for weight, kind in _KINDS for _ in range(weight))


def sentence(random: Random, *, sort: Sort | None = None) -> Pair:
    """A random German sentence that is not too long, and its English; of one sort, or of all."""
    kinds = [kind for kind in _DRAWN if sort is None or kind.__module__.endswith(f".{sort}")]
    speaker = Speaker(random=random)
    while True:
        source, target = random.choice(kinds)(speaker)
        if max(source.count(" "), target.count(" ")) < LONGEST:
            return Pair(source[0].upper() + source[1:], target[0].upper() + target[1:])
