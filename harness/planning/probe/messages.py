"""The request to a probe and its result: values that are sent between processes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Request:
    """A variant to probe, as JSON data; `plugins` are the files that its study names.

    `results` is the folder that keeps tokenized corpora, if any does.
    """

    experiment: Any
    plugins: tuple[str, ...]
    seed: int
    sentences: int  # of the test split, to translate
    results: Path | None = None


@dataclass(frozen=True, kw_only=True)
class ProbeResult:
    """The seconds and bytes that probed updates took, and digests of their results.

    `averaged` is the digest of the weights that would be evaluated, `scores` are theirs, and
    `written` is the digest of their translations. With a `fault` all else is empty; `hung` are
    those that gave no result in time.
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
    hung: bool = False
