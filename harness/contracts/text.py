"""Text: sentences, splits and token ids."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol, runtime_checkable

# The same in every vocabulary, so that model and batches need no codec to know them.
#: The ids of the special tokens, on either side.
PAD, BOS, EOS, UNK = 0, 1, 2, 3
#: The special tokens as text, by their ids.
SPECIAL_TOKENS = ("<pad>", "<bos>", "<eos>", "<unk>")

#: A part of a corpus.
Split = Literal["train", "validation", "test"]


class Pair(NamedTuple):
    """A sentence and its translation, or a prompt and what follows it, as raw lines.

    A prompt can be empty.
    """

    source: str
    target: str


@dataclass(frozen=True, kw_only=True)
class Corpus:
    """The three splits of a dataset, in the order of their files.

    A corpus `continues` if it is text of one language, in which every target follows its source. A
    tokenizer then learns one vocabulary for both sides, from `texts`.
    """

    train: Sequence[Pair]
    validation: Sequence[Pair]
    test: Sequence[Pair]
    continues: bool = False

    @property
    def texts(self) -> list[str]:
        """The training texts of a corpus that continues, each with its prompt."""
        return [f"{prompt} {rest}" if prompt else rest for prompt, rest in self.train]


@runtime_checkable
class Codec(Protocol):
    """Text to token ids and back; the ids below 4 are pad, bos, eos and unk."""

    @property
    def size(self) -> int:
        """The number of token ids, the four special ones included."""

    def encode(self, line: str) -> list[int]:
        """The token ids of a raw line, without bos and eos; unknown text becomes unk."""

    def decode(self, tokens: Sequence[int]) -> str:
        """Detokenized text; special tokens other than unk are left out."""


@runtime_checkable
class PiecewiseCodec(Codec, Protocol):
    """A codec that makes a line's tokens of its pieces, such as words, one after another.

    A piece has the same tokens wherever it occurs. So each is encoded once, and a large corpus many
    times as fast as line by line.
    """

    def pieces(self, lines: Sequence[str]) -> tuple[Sequence[str], Sequence[int]]:
        """The pieces of all lines, one after another, and the number of pieces of each line."""

    def encode_piece(self, piece: str) -> list[int]:
        """The token ids of a piece; those of a line are what `encode` gives of it."""


@runtime_checkable
class StorableCodec(Codec, Protocol):
    """A codec that can leave with a trained model, and come back."""

    def stored(self) -> object | None:
        """JSON data, of which ``restored`` of its tokenizer makes the codec; None if it cannot."""

    def interchange(self) -> Mapping[str, object] | None:
        """The codec as ``tokenizer.json`` of Hugging Face's tokenizers; None if it has no form."""


class Codecs(NamedTuple):
    """A tokenizer's vocabulary of the training split: one codec per side, perhaps the same one."""

    source: Codec
    target: Codec


class Vocabularies(NamedTuple):
    """The classes of both sides, special ones included; `shared` if each id means one token."""

    source: int
    target: int
    shared: bool = False
