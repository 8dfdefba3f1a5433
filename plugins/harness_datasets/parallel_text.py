"""A translation corpus in plain files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from harness.components import Dataset
from harness.components.options import PositiveInt, TextFile
from harness.contracts import Corpus, Pair
from harness.errors import HarnessError


@dataclass(frozen=True, kw_only=True)
class Files:
    """A split: line n of `target` translates line n of `source`; `limit` takes the first lines."""

    __pydantic_config__: ClassVar[Any] = Dataset.__pydantic_config__

    source: TextFile
    target: TextFile
    limit: PositiveInt | None = None

    def read(self) -> list[Pair]:
        """The pairs; raises `HarnessError` for files that do not fit together."""
        sources, targets = _lines(self.source), _lines(self.target)
        if len(sources) != len(targets):
            raise HarnessError(
                f"{self.source} has {len(sources)} lines and {self.target} has {len(targets)}; "
                "line by line, one must be the translation of the other"
            )
        return [Pair(*pair) for pair in zip(sources, targets, strict=True)][: self.limit]


@dataclass(frozen=True, kw_only=True)
class ParallelText(Dataset):
    """Pairs of UTF-8 files, a sentence a line, for each of the three splits.

    Lines end at a newline and nowhere else, so that line n is what other tools call line n; a
    carriage return before it is dropped, and a byte order mark is no text. In training, a pair with
    a blank side is left out, as it teaches nothing; in validation and test it stays, so that scores
    are over every line of the file.
    """

    name = "parallel_text"

    train: Files
    validation: Files
    test: Files

    def build(self) -> Corpus:
        train = [pair for pair in self.train.read() if pair.source.strip() and pair.target.strip()]
        if not train:
            files = f"{self.train.source} and {self.train.target}"
            raise HarnessError(f"{files}: no pair of sentences to train on; all lines are blank")
        return Corpus(train=train, validation=self.validation.read(), test=self.test.read())


def _lines(file: TextFile) -> list[str]:
    try:
        text = Path(file).read_bytes().decode("utf-8-sig")
    except OSError as fault:
        raise HarnessError(f"{file}: {fault.strerror}") from None
    except UnicodeDecodeError as fault:
        line = fault.object.count(b"\n", 0, fault.start) + 1
        raise HarnessError(f"{file}:{line}: not UTF-8; convert the file first") from None
    if not text:
        raise HarnessError(f"{file}: empty; it needs a line for each sentence")
    return [line.removesuffix("\r") for line in text.removesuffix("\n").split("\n")]
