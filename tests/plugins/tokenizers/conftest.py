from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from harness.contracts import Corpus, Pair


@pytest.fixture(scope="session")
def corpus() -> Callable[..., Corpus]:
    """Builds a corpus with these training lines, on both sides by default; other splits differ."""

    def make(lines: Sequence[str], *, targets: Sequence[str] | None = None) -> Corpus:
        train = [Pair(*pair) for pair in zip(lines, targets or lines, strict=True)]
        return Corpus(
            train=train,
            validation=[Pair("Validierung", "validation")],
            test=[Pair("Prüfung", "examination")],
        )

    return make
