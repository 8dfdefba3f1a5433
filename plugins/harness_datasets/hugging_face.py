"""Corpora read by Hugging Face's `datasets`."""

from __future__ import annotations

import csv
import importlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from harness.components import Dataset
from harness.components.options import TextFile, unused_options
from harness.contracts import Corpus, Pair
from harness.errors import HarnessError
from harness_datasets.blocks import Blocks

if TYPE_CHECKING:
    import types

_BUILDERS = {
    ".arrow": "arrow",
    ".json": "json",
    ".jsonl": "json",
    ".parquet": "parquet",
    ".txt": "text",
}
_CSV = ".csv"
_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, kw_only=True)
class Local:
    """Files of the three splits: Arrow (from `save_to_disk`), CSV, JSON, Parquet or text.

    Every cell of a CSV file is text as it is written: ``NA``, ``null`` and ``007`` are words.
    """

    __pydantic_config__: ClassVar[Any] = Dataset.__pydantic_config__

    train: tuple[TextFile, ...]
    validation: tuple[TextFile, ...]
    test: tuple[TextFile, ...]

    def rows(self, library: types.ModuleType, *, split: str) -> Iterable[Mapping[str, Any]]:
        """The rows of a split, read from the files themselves without a cache."""
        files: Sequence[str] = getattr(self, split)
        suffixes = sorted({Path(file).suffix for file in files})
        if suffixes == [_CSV]:
            return (row for file in files for row in _csv_rows(file))
        if len(suffixes) != 1 or suffixes[0] not in _BUILDERS:
            raise HarnessError(
                f"dataset hugging_face: {split} needs files that all end in one of "
                f"{', '.join(sorted([_CSV, *_BUILDERS]))}, got {', '.join(suffixes) or 'none'}"
            )
        # To the library, files given without splits are "train", whichever split they are here.
        rows: Iterable[Mapping[str, Any]] = library.load_dataset(
            _BUILDERS[suffixes[0]], data_files=list(files), split="train", streaming=True
        )
        return rows


@dataclass(frozen=True, kw_only=True)
class Hub:
    """A dataset on the hub at one commit, so that the data of a run is fixed."""

    __pydantic_config__: ClassVar[Any] = Dataset.__pydantic_config__

    name: str
    revision: str
    configuration: str | None = None
    train: str = "train"
    validation: str = "validation"
    test: str = "test"

    def __post_init__(self) -> None:
        if not _COMMIT.fullmatch(self.revision):
            raise ValueError(
                f"revision must be a commit, 40 hexadecimal digits, got {self.revision!r}; a "
                "branch or tag may point to other data later"
            )

    def rows(self, library: types.ModuleType, *, split: str) -> Iterable[Mapping[str, Any]]:
        """The rows of a split, by its name on the hub; downloaded once and cached."""
        rows: Iterable[Mapping[str, Any]] = library.load_dataset(
            self.name, self.configuration, split=getattr(self, split), revision=self.revision
        )
        return rows


@dataclass(frozen=True, kw_only=True)
class HuggingFace(Blocks):
    """Columns of a dataset that Hugging Face's `datasets` can read, from files or from the hub.

    `source` and `target` are names of columns; a dot selects a key of a dictionary, as in
    ``translation.de``. Set either `files` or `hub`: a run's digest includes the contents of the
    files, as of any text file, or the commit on the hub. Line breaks within a text become spaces,
    since a sentence is one line. Pairs with a blank side are dropped from the training split, but
    kept in validation and test.

    Without `source`, `target` is the one column of a corpus of plain text, and every row a text of
    its own, in blocks of at most `block` words with a `prompt`, as of the dataset `text`; null
    leaves rows whole, and rows without words are dropped.

    Install the library with ``pip install 'transformer-harness[hugging-face]'``.
    """

    name = "hugging_face"

    source: str | None = None
    target: str
    files: Local | None = None
    hub: Hub | None = None

    def __post_init__(self) -> None:
        if (self.files is None) == (self.hub is None):
            raise ValueError("set exactly one of files and hub")

    def ignored(self) -> Iterator[str]:
        """The options that others leave without effect."""
        if self.source is not None:
            reason = "sentence pairs are not cut"
            yield from unused_options(
                self, "block", "prompt", reason=reason, instead="remove source"
            )

    def build(self) -> Corpus:
        """Read the three splits.

        Raises `HarnessError` for a missing library or column, and for data that cannot be read.
        """
        validation, test = (list(self._pairs(split)) for split in ("validation", "test"))
        plain = self.source is None
        train = [
            pair
            for pair in self._pairs("train")
            if plain or (pair.source.strip() and pair.target.strip())
        ]
        return Corpus(train=train, validation=validation, test=test, continues=plain)

    def test_documents(self) -> Sequence[str]:
        """The row of every block of plain text, by its number; empty if each has one block."""
        if self.source is not None or self.block is None:
            return ()
        return self.documents_of(text for _, text in self._rows("test"))

    def _pairs(self, split: str) -> Iterator[Pair]:
        for source, target in self._rows(split):
            if self.source is None:
                yield from self.cut(target)
            else:
                yield Pair(source, target)

    def _rows(self, split: str) -> Iterator[tuple[str, str]]:
        """The texts of source and target in every row; no source of plain text."""
        library = _library()
        origin = self.files or self.hub
        assert origin is not None, "checked by __post_init__"
        try:
            for number, row in enumerate(origin.rows(library, split=split), start=1):
                where = f"row {number} of {split}"
                source = self.source and _text(row, column=self.source, where=where)
                yield source or "", _text(row, column=self.target, where=where)
        # ValueError includes pyarrow's error for content that is not what the file's name says.
        except (OSError, ValueError, library.exceptions.DatasetsError) as error:
            reason = " ".join(str(error).split())
            raise HarnessError(f"dataset hugging_face: {split} cannot be read: {reason}") from error


def _library() -> types.ModuleType:
    try:
        return importlib.import_module("datasets")
    except ImportError:
        raise HarnessError(
            "dataset hugging_face: the library 'datasets' is not installed; "
            "pip install 'transformer-harness[hugging-face]'"
        ) from None


def _csv_rows(file: str) -> Iterator[Mapping[str, str]]:
    """The rows of a CSV file as text; the library would read numbers, dates and missing values.

    Raises `HarnessError` with the line of a row that is no row of the table.
    """
    # utf-8-sig, since spreadsheets write a byte order mark, which would be part of a column's name.
    with Path(file).open(encoding="utf-8-sig", newline="") as lines:
        reader = csv.reader(lines, strict=True)
        fault = ""
        try:
            header = next(reader, [])
            # A blank line is read as a row without cells.
            for cells in filter(None, reader):
                if len(cells) != len(header):
                    fault = f"{len(cells)} cells, and the header has {len(header)}"
                    break
                yield dict(zip(header, cells, strict=True))
        except (csv.Error, UnicodeDecodeError) as error:
            fault = f"not a row of a table in UTF-8: {error}"
        if fault:
            raise HarnessError(f"dataset hugging_face: {file}:{reader.line_num}: {fault}")


def _text(row: Mapping[str, Any], *, column: str, where: str) -> str:
    value: Any = row
    for name in column.split("."):
        if not isinstance(value, Mapping) or name not in value:
            known = ", ".join(map(str, value)) if isinstance(value, Mapping) else "no columns"
            raise HarnessError(
                f"dataset hugging_face: {where} has no {column!r}; available: {known}"
            )
        value = value[name]
    if not isinstance(value, str):
        raise HarnessError(
            f"dataset hugging_face: {column!r} in {where} is not text: {value!r:.40}"
        )
    return " ".join(value.splitlines())
