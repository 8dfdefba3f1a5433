"""What a probe is asked, and what it answers: values that cross from process to process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Request:
    """A variant to probe, as JSON data; `plugins` are the files that its study names."""

    experiment: Any
    plugins: tuple[str, ...]
    seed: int
    sentences: int  # of the test split, to translate


@dataclass(frozen=True, kw_only=True)
class Probed:
    """What the probed updates took, in seconds and bytes, and digests of what came of them.

    `averaged` is of the weights that would be evaluated, `scores` are theirs, and `written` is of
    their translations. `fault` says why there is nothing else to say.
    """

    updates: tuple[int, ...] = ()
    weights: str = ""
    averaged: str = ""
    scores: str = ""
    written: str = ""
    setup: float = 0.0
    update: float = 0.0
    evaluation: float = 0.0
    decoding: float = 0.0  # all of the test split
    memory: int = 0
    fault: str | None = None
