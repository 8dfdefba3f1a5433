"""Many lines to token numbers: each piece of them is encoded once, and numpy does the rest."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from harness.contracts import BOS, EOS, Codec, PiecewiseCodec
from harness.errors import HarnessError
from harness.training.token_rows import Numbers, TokenRows, Tokens

LONGEST = 10_000  # tokens of a line: attention weights are the square, 400 MB for each head
_AT_ONCE = 8192  # lines, whose pieces are Python objects
_KNOWN = 1 << 20  # pieces that are kept; natural text has as many words only in a few GB


def encode_rows(lines: Sequence[str], *, codec: Codec, begins: bool) -> TokenRows:
    """The token numbers of lines, each with eos at its end and, if it `begins`, bos before it.

    Raises `HarnessError` for a line of more tokens than attention can hold.
    """
    encoder, kind = _encoder(codec), np.dtype(np.uint16 if codec.size <= 1 << 16 else np.int32)
    parts: list[Tokens] = [np.zeros(0, kind)]
    lengths: list[Numbers] = [np.zeros(1, np.int64)]
    for first in range(0, len(lines), _AT_ONCE):
        some = lines[first : first + _AT_ONCE]
        tokens, counts = encoder(some)
        _refuse_long(some, counts=counts)
        parts.append(_bounded(tokens.astype(kind), counts=counts, begins=begins))
        lengths.append(counts + 1 + begins)
    return TokenRows(np.concatenate(parts), np.concatenate(lengths).cumsum())


def _encoder(codec: Codec) -> _Pieces | _Lines:
    return _Pieces(codec) if isinstance(codec, PiecewiseCodec) else _Lines(codec)


@dataclass(frozen=True)
class _Lines:
    """An encoder of lines one by one: their tokens, and the number of each line's."""

    codec: Codec

    def __call__(self, lines: Sequence[str]) -> tuple[NDArray[np.int32], Numbers]:
        encoded = [self.codec.encode(line) for line in lines]
        tokens = np.fromiter(chain.from_iterable(encoded), np.int32)
        return tokens, np.fromiter(map(len, encoded), np.int64)


class _Pieces(dict[str, int]):
    """The same by pieces: of each that is known its number, and where its tokens end."""

    def __init__(self, codec: PiecewiseCodec) -> None:
        super().__init__()
        self._codec = codec
        self._forget()

    def _forget(self) -> None:
        self.clear()
        # Neither is ever empty, as numpy takes no empty buffer.
        self._tokens, self._ends = array("i", [EOS]), array("q", [1])

    def __missing__(self, piece: str) -> int:
        number = self[piece] = len(self)
        self._tokens.extend(self._codec.encode_piece(piece))
        self._ends.append(len(self._tokens))
        return number

    def __call__(self, lines: Sequence[str]) -> tuple[NDArray[np.int32], Numbers]:
        if len(self) > _KNOWN:
            self._forget()
        pieces, counts = self._codec.pieces(lines)
        numbers = np.fromiter(map(self.__getitem__, pieces), np.int64, len(pieces))
        ends = np.frombuffer(self._ends, np.int64)
        lengths = ends[numbers + 1] - ends[numbers]
        sums = np.concatenate([[0], lengths.cumsum()])
        # From the place of a token in these lines to its place among the tokens of known pieces.
        shifts = np.repeat(ends[numbers] - sums[:-1], lengths)
        tokens = np.frombuffer(self._tokens, np.int32)[shifts + np.arange(sums[-1])]
        return tokens, np.diff(sums[np.concatenate([[0], np.cumsum(counts, dtype=np.int64)])])


def _refuse_long(lines: Sequence[str], *, counts: Numbers) -> None:
    if counts.max() > LONGEST:
        row = int((counts > LONGEST).argmax())
        raise HarnessError(
            f"the line that begins {lines[row][:30]!a} has {counts[row]} tokens, more than the "
            f"limit of {LONGEST}; split it, or remove it"
        )


def _bounded(tokens: Tokens, *, counts: Numbers, begins: bool) -> Tokens:
    """The tokens of lines, with eos after each and, if it `begins`, bos before it."""
    lengths = counts + 1 + begins
    ends = lengths.cumsum()
    bounded = np.full(ends[-1], EOS, tokens.dtype)
    own = np.ones(ends[-1], bool)
    own[ends - 1] = False
    if begins:
        bounded[ends - lengths], own[ends - lengths] = BOS, False
    bounded[own] = tokens
    return bounded
