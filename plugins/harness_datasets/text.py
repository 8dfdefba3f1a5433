"""Plain text in files, for language models."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, ClassVar, Literal

from harness.components import Dataset
from harness.components.options import PositiveInt, TextFile
from harness.contracts import Corpus, Pair
from harness.errors import HarnessError
from harness_datasets.blocks import Blocks
from harness_datasets.lines import read_lines

Unit = Literal["line", "document"]


@dataclass(frozen=True, kw_only=True)
class TextFiles:
    """The files of one split, read in order; `limit` keeps the first lines or documents."""

    __pydantic_config__: ClassVar[Any] = Dataset.__pydantic_config__

    files: tuple[TextFile, ...]
    limit: PositiveInt | None = None

    def texts(self, unit: Unit) -> list[str]:
        """The texts; raises `HarnessError` if there are none."""
        texts = [text for file in self.files for text in _texts(file, unit=unit)][: self.limit]
        if not texts:
            names = ", ".join(self.files) or "no files"
            raise HarnessError(f"{names}: no text to read; every line is blank")
        return texts


@dataclass(frozen=True, kw_only=True)
class Text(Blocks):
    """UTF-8 files of text in one language, in blocks of words, for language models.

    A model learns p(block | prompt), the block's tokens one after another. Each `unit` is a text of
    its own, which no block exceeds: a line, or a document, that is, lines up to a blank one or to
    the end of the file. Blank lines are dropped from all splits.

    A block has at most `block` words (null: all of its text), separated by single spaces whatever
    the file has between them, so that it is the same raw text for every tokenizer. Its first words
    are the source, a `prompt`: a number of them, or a share (``0.25``, rounded down), but never
    all. By default there is no prompt, and the source is empty. What follows is the target, which
    alone is scored; generation continues the prompt. Both sides share one vocabulary.

    Blocks of one line or document are alike: if some text has several, intervals over new sentences
    sample whole texts.
    """

    name = "text"

    train: TextFiles
    validation: TextFiles
    test: TextFiles
    unit: Unit = "line"
    block: PositiveInt | None = 64

    def build(self) -> Corpus:
        train, validation, test = (
            self._pairs(split.texts(self.unit))
            for split in (self.train, self.validation, self.test)
        )
        return Corpus(train=train, validation=validation, test=test, continues=True)

    def test_documents(self) -> Sequence[str]:
        """The line or document of every block, by its number; empty if each has one block."""
        return self.documents_of(self.test.texts(self.unit))

    def _pairs(self, texts: Iterable[str]) -> list[Pair]:
        return [pair for text in texts for pair in self.cut(text)]


def _texts(file: TextFile, *, unit: Unit) -> Iterator[str]:
    lines = read_lines(file, holding="text")
    if unit == "line":
        yield from (line for line in lines if line.strip())
        return
    for some, group in groupby(lines, key=lambda line: bool(line.strip())):
        if some:
            yield " ".join(group)
