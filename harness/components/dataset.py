"""Slot `dataset`: sentence pairs, or prompts with what follows them, in three splits."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from harness.components.component import Component
from harness.contracts import Corpus


@dataclass(frozen=True, kw_only=True)
class Dataset(Component):
    """Three splits of sentence pairs, or of prompts and their continuations.

    A dataset is the same for every run: it must not draw from the run's seed. Its lines are raw,
    as they stand in their files; text metrics compare with them as they are. A source can be empty;
    a corpus of plain text `continues`, and its sources are prompts. Options named in `of_analysis`
    only say how scores are analyzed: they are no part of a run, and changing them trains nothing
    again.
    """

    slot: ClassVar[str] = "dataset"
    hook: ClassVar[str] = "harness_datasets"
    of_analysis: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def build(self) -> Corpus:
        """Read or generate the splits; raises `HarnessError` for a file that does not fit."""

    def test_documents(self) -> Sequence[str]:
        """The document of each line of the test split, by any name; empty if lines have none.

        Sentences of one document are alike, so intervals over new sentences sample documents.
        """
        return ()
