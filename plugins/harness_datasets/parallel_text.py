"""Parallel corpora in plain text files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from harness.components import Dataset
from harness.components.options import PositiveInt, TextFile
from harness.contracts import Corpus, Pair
from harness.errors import HarnessError
from harness_datasets.lines import read_lines


@dataclass(frozen=True, kw_only=True)
class Files:
    """One split: line n of `target` translates line n of `source`; `limit` keeps the first ones."""

    __pydantic_config__: ClassVar[Any] = Dataset.__pydantic_config__

    source: TextFile
    target: TextFile
    limit: PositiveInt | None = None

    def read(self) -> list[Pair]:
        """The pairs; raises `HarnessError` if the files differ in their number of lines."""
        sources, targets = read_lines(self.source), read_lines(self.target)
        if len(sources) != len(targets):
            raise HarnessError(
                f"{self.source} has {len(sources)} lines and {self.target} has {len(targets)}; "
                "each line of one must translate the same line of the other"
            )
        return [Pair(*pair) for pair in zip(sources, targets, strict=True)][: self.limit]


@dataclass(frozen=True, kw_only=True)
class ParallelText(Dataset):
    """Two UTF-8 files for each of the three splits, with one sentence per line.

    Only a newline ends a line, so that line numbers agree with those of other tools; a carriage
    return before it and a byte order mark are dropped. Pairs with a blank side are dropped from the
    training split, but kept in validation and test, so that scores are over every line of the file.
    Line n of `documents` names the document of line n of the test split: sentences of a document
    are alike, and intervals over new sentences then sample whole documents.
    """

    name = "parallel_text"
    of_analysis = ("documents",)

    train: Files
    validation: Files
    test: Files
    documents: TextFile | None = None

    def build(self) -> Corpus:
        train = [pair for pair in self.train.read() if pair.source.strip() and pair.target.strip()]
        if not train:
            files = f"{self.train.source} and {self.train.target}"
            raise HarnessError(
                f"{files}: no pair of sentences to train on; a side of every pair is blank"
            )
        return Corpus(train=train, validation=self.validation.read(), test=self.test.read())

    def test_documents(self) -> Sequence[str]:
        """The lines of the file of documents; raises `HarnessError` if it does not fit the test."""
        if self.documents is None:
            return ()
        names, sentences = read_lines(self.documents), read_lines(self.test.source)
        if len(names) != len(sentences):
            raise HarnessError(
                f"{self.documents} has {len(names)} lines and {self.test.source} has "
                f"{len(sentences)}; each line of one must name the document of a line of the other"
            )
        return names[: self.test.limit]
