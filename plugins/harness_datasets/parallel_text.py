"""Parallel corpora in plain text files."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

from harness.components import Dataset
from harness.components.options import PositiveInt, TextFile
from harness.contracts import Corpus, Pair
from harness.errors import HarnessError
from harness_datasets.lines import read_lines


@dataclass(frozen=True, kw_only=True)
class Files:
    """One split: line n of `target` translates line n of `source`; `limit` keeps the first ones.

    Both may be columns of one `file`.
    """

    __pydantic_config__: ClassVar[Any] = Dataset.__pydantic_config__

    source: TextFile | None = None
    target: TextFile | None = None
    file: TextFile | None = None
    limit: PositiveInt | None = None

    def __post_init__(self) -> None:
        if self.file is None and (self.source is None or self.target is None):
            raise ValueError("a split needs 'source' and 'target', or 'file'")
        if self.file is not None and (self.source is not None or self.target is not None):
            raise ValueError(
                "a split has 'source' and 'target', or 'file'; remove one or the other"
            )

    @property
    def names(self) -> str:
        """The paths, for messages."""
        return self.file or f"{self.source} and {self.target}"

    def read(self, *, columns: tuple[str, str] | None = None) -> list[Pair]:
        """The pairs; raises `HarnessError` if the files differ in their number of lines."""
        if self.file is not None:
            return read_pairs(self.file, columns=columns)[: self.limit]
        assert self.source is not None
        assert self.target is not None
        sources, targets = read_lines(self.source), read_lines(self.target)
        if len(sources) != len(targets):
            raise HarnessError(
                f"{self.source} has {len(sources)} lines and {self.target} has {len(targets)}; "
                "each line of one must translate the same line of the other"
            )
        return [Pair(*pair) for pair in zip(sources, targets, strict=True)][: self.limit]


@dataclass(frozen=True, kw_only=True)
class HeldOut:
    """The numbers of pairs that validation and test get; all others are for training."""

    __pydantic_config__: ClassVar[Any] = Dataset.__pydantic_config__

    validation: PositiveInt
    test: PositiveInt


@dataclass(frozen=True, kw_only=True)
class ParallelText(Dataset):
    """Sentence pairs in UTF-8 text: files for each split, or files for all and a `split`.

    A split is two files or a table. Of two files, each has one sentence per line. Only a newline
    ends a line, so that line numbers agree with those of other tools; a carriage return before it
    and a byte order mark are dropped. Pairs with a blank side are dropped from the training split,
    but kept in validation and test, so that scores are over every line of the file.

    A `file`, of a split or of the whole corpus, ends in .tsv (source, tab, target; no header), .csv
    (a header, commas) or .jsonl (an object per line). `columns` names source and target of the last
    two, and may be left out if there are two. `split` holds out validation and test of one `file`,
    or of `train`, by the SHA-256 of the source, so that it is the same everywhere and a sentence is
    in one split only, whatever its translations; pairs with a blank side are dropped before.
    Further pairs with a source of validation or test are left out.

    Line n of `documents` names the document of line n of the test split: sentences of a document
    are alike, and intervals over new sentences then sample whole documents.
    """

    name = "parallel_text"
    of_analysis = ("documents",)

    train: Files | None = None
    validation: Files | None = None
    test: Files | None = None
    file: TextFile | None = None
    split: HeldOut | None = None
    columns: tuple[str, str] | None = None
    documents: TextFile | None = None

    def __post_init__(self) -> None:
        names = ("train", "validation", "test", "file", "split")
        given = {name for name in names if getattr(self, name) is not None}
        if given == {"train", "validation", "test"}:
            return
        if given not in ({"file", "split"}, {"train", "split"}):
            needs = "'train', 'validation' and 'test', or 'split' with 'file' or 'train'"
            raise ValueError(f"parallel_text needs {needs}, and not parts of both")
        if self.documents is not None:
            raise ValueError("documents are of a test split of its own; 'split' makes one")

    def build(self) -> Corpus:
        if self.split is not None:
            return self._divided(self.train or Files(file=self.file), held_out=self.split)
        assert self.train is not None
        assert self.validation is not None
        assert self.test is not None
        train, validation, test = (
            files.read(columns=self.columns) for files in (self.train, self.validation, self.test)
        )
        train = [pair for pair in train if _full(pair)]
        if not train:
            fault = "no pair of sentences to train on; a side of every pair is blank"
            raise HarnessError(f"{self.train.names}: {fault}")
        return Corpus(train=train, validation=validation, test=test)

    def _divided(self, files: Files, *, held_out: HeldOut) -> Corpus:
        """The pairs of files, divided; raises `HarnessError` if none is left to train on."""
        pairs = [pair for pair in files.read(columns=self.columns) if _full(pair)]
        sources = sorted(dict.fromkeys(pair.source for pair in pairs), key=_rank)
        held = held_out.test + held_out.validation
        if len(sources) <= held:
            fault = f"{len(sources)} different sentences, and split holds out {held}"
            raise HarnessError(f"{files.names}: {fault}; make it smaller")
        test, validation = {*sources[: held_out.test]}, {*sources[held_out.test : held]}
        return Corpus(
            train=[pair for pair in pairs if pair.source not in test | validation],
            validation=_first(pairs, sources=validation),
            test=_first(pairs, sources=test),
        )

    def test_documents(self) -> Sequence[str]:
        """The lines of the file of documents; raises `HarnessError` if it does not fit the test."""
        if self.documents is None:
            return ()
        assert self.test is not None
        names = read_lines(self.documents)
        sentences = replace(self.test, limit=None).read(columns=self.columns)
        if len(names) != len(sentences):
            file = self.test.file or self.test.source
            raise HarnessError(
                f"{self.documents} has {len(names)} lines and {file} has "
                f"{len(sentences)}; each line of one must name the document of a line of the other"
            )
        return names[: self.test.limit]


def _full(pair: Pair) -> bool:
    return bool(pair.source.strip() and pair.target.strip())


def _rank(source: str) -> bytes:
    return hashlib.sha256(source.encode()).digest()


def _first(pairs: Sequence[Pair], *, sources: set[str]) -> list[Pair]:
    """The first pair of each of these sources, in the order of the file."""
    first: dict[str, Pair] = {}
    for pair in pairs:
        if pair.source in sources:
            first.setdefault(pair.source, pair)
    return [*first.values()]


def read_pairs(file: TextFile, *, columns: tuple[str, str] | None = None) -> list[Pair]:
    """The pairs in a file that ends in .tsv, .csv or .jsonl; `columns` are source and target.

    Raises `HarnessError`, with the line, for a row without one of them.
    """
    suffix = Path(file).suffix.lower()
    if suffix == ".tsv":
        if columns is not None:
            raise HarnessError(f"{file}: a .tsv has no names of columns; leave out `columns`")
        return [Pair(*pair) for pair in _checked(_tsv(file), file=file)]
    if suffix not in (".csv", ".jsonl"):
        raise HarnessError(f"{file}: must end in .tsv, .csv or .jsonl")
    rows = list(_csv(file) if suffix == ".csv" else _jsonl(file))
    columns = columns or _only_columns(rows, file=file)
    cells = ((line, [row.get(column) for column in columns]) for line, row in rows)
    return [Pair(*pair) for pair in _checked(cells, file=file, columns=columns)]


Rows = Iterator[tuple[int, Mapping[str, Any]]]


def _tsv(file: TextFile) -> Iterator[tuple[int, Sequence[object]]]:
    # No quotes, as in files that corpora are distributed in: a quotation mark is text.
    for number, line in enumerate(read_lines(file), start=1):
        yield number, line.split("\t")


def _csv(file: TextFile) -> Rows:
    text = "\n".join(read_lines(file))
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        for row in reader:
            yield reader.line_num, row
    except csv.Error as error:
        raise HarnessError(f"{file}:{reader.line_num}: not a row of a table: {error}") from None


def _jsonl(file: TextFile) -> Rows:
    for number, line in enumerate(read_lines(file), start=1):
        try:
            row = json.loads(line)
        except ValueError:
            row = None
        if not isinstance(row, dict):
            raise HarnessError(f"{file}:{number}: must be a JSON object, got {line!r:.40}")
        yield number, row


def _only_columns(
    rows: Sequence[tuple[int, Mapping[str, Any]]], *, file: TextFile
) -> tuple[str, str]:
    """The two columns of a table that has no others; raises `HarnessError` if it has."""
    names = [*rows[0][1]] if rows else []
    if len(names) != 2:
        listed = ", ".join(map(str, names)) or "none"
        raise HarnessError(
            f"{file}: `columns` must name those of source and target, such as [de, en]; "
            f"there are {listed}"
        )
    return names[0], names[1]


def _checked(
    rows: Iterable[tuple[int, Sequence[object]]],
    *,
    file: TextFile,
    columns: Sequence[str] = ("source", "target"),
) -> Iterator[Sequence[str]]:
    """The cells of each row; raises `HarnessError` for a row that is not two texts on one line."""
    for line, cells in rows:
        if len(cells) != 2:
            raise HarnessError(
                f"{file}:{line}: {len(cells)} cells; a pair is two, with a tab between"
            )
        for name, cell in zip(columns, cells, strict=True):
            if not isinstance(cell, str):
                raise HarnessError(f"{file}:{line}: no text in {name!r}")
        yield [" ".join(str(cell).split("\n")) for cell in cells]
