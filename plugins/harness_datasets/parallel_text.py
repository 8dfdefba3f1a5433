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
class Side:
    """Two files, a sentence a line, line by line translations of each other.

    `limit` takes the first lines only.
    """

    __pydantic_config__: ClassVar[Any] = Dataset.__pydantic_config__

    source: TextFile
    target: TextFile
    limit: PositiveInt | None = None


@dataclass(frozen=True, kw_only=True)
class ParallelText(Dataset):
    """Pairs of UTF-8 files, a sentence a line, for each of the three splits.

    Lines end at a newline and nowhere else; a carriage return before it is dropped. In training, a
    pair with an empty side is left out, as it teaches nothing; in validation and test it stays, so
    that scores are over the lines of the file.
    """

    name: ClassVar[str] = "parallel_text"

    train: Side
    validation: Side
    test: Side

    def build(self) -> Corpus:
        """Read the six files; raises `HarnessError` for those that do not fit together."""
        train = [pair for pair in _pairs(self.train) if pair.source.strip() and pair.target.strip()]
        if not train:
            raise HarnessError(f"{self.train.source}: no pair of sentences to train on")
        return Corpus(train=train, validation=_pairs(self.validation), test=_pairs(self.test))


def _pairs(side: Side) -> list[Pair]:
    sources, targets = _lines(side.source), _lines(side.target)
    if len(sources) != len(targets):
        raise HarnessError(
            f"{side.source} has {len(sources)} lines and {side.target} has {len(targets)}; "
            "line by line, one must be the translation of the other"
        )
    return [Pair(*pair) for pair in zip(sources, targets, strict=True)][: side.limit]


def _lines(file: str) -> list[str]:
    try:
        text = Path(file).read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        raise HarnessError(f"{file}: not UTF-8 at byte {fault.start}; convert it first") from None
    if not text.strip():
        raise HarnessError(f"{file}: empty")
    return [line.removesuffix("\r") for line in text.removesuffix("\n").split("\n")]
