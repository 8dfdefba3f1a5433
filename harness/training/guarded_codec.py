"""The guard around a codec: every line, token and text that goes through it is checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.components import Tokenizer
from harness.contracts import Codec, PiecewiseCodec, StorableCodec
from harness.registry.attribution import attributed_to, refuse
from harness.training import contract_checks


@dataclass(frozen=True)
class GuardedCodec:
    """A codec whose tokens and text are checked."""

    codec: Codec
    owner: Tokenizer

    @property
    def size(self) -> int:
        """The number of token ids, as the codec says it."""
        return self.codec.size

    def encode(self, line: str) -> list[int]:
        """The tokens of a line."""
        with attributed_to(self.owner):
            numbers = self.codec.encode(line)
        return contract_checks.tokens(numbers, size=self.size, line=line, of=self.owner)

    def decode(self, tokens: Sequence[int]) -> str:
        """The text of tokens."""
        with attributed_to(self.owner):
            text = self.codec.decode(tokens)
        return contract_checks.text(text, of=self.owner)

    def stored(self) -> object | None:
        """What the codec stores; None if it cannot."""
        if not isinstance(self.codec, StorableCodec):
            return None
        with attributed_to(self.owner):
            return self.codec.stored()

    def interchange(self) -> Mapping[str, object] | None:
        """The codec for Hugging Face's tokenizers; None if it has no form."""
        if not isinstance(self.codec, StorableCodec):
            return None
        with attributed_to(self.owner):
            return self.codec.interchange()


@dataclass(frozen=True)
class _GuardedPieces(GuardedCodec):
    codec: PiecewiseCodec

    def pieces(self, lines: Sequence[str]) -> tuple[Sequence[str], Sequence[int]]:
        with attributed_to(self.owner):
            built: Any = self.codec.pieces(lines)
            pieces, counts = built
            fits = len(counts) == len(lines) and sum(counts) == len(pieces)
        if not fits:
            refuse("pieces must give the pieces of every line, and their number", of=self.owner)
        return pieces, counts

    def encode_piece(self, piece: str) -> list[int]:
        with attributed_to(self.owner):
            numbers = self.codec.encode_piece(piece)
        return contract_checks.tokens(numbers, size=self.size, line=piece, of=self.owner)


def guarded(codec: Codec, *, owner: Tokenizer) -> GuardedCodec:
    """The guard of a codec, which encodes by pieces if the codec does."""
    if isinstance(codec, PiecewiseCodec):
        return _GuardedPieces(codec, owner)
    return GuardedCodec(codec, owner)
