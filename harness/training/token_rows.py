"""The token numbers of many sentences in two arrays, with no object for each of a million."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, overload

import numpy as np
import torch
from jaxtyping import Int
from numpy.typing import NDArray

from harness.contracts import PAD

Tokens = NDArray[np.integer[Any]]
Numbers = NDArray[np.int64]
Rows = Sequence[int] | Numbers

_COUNTED = 1 << 20  # tokens, of which numpy makes integers of 8 bytes to count them


@dataclass(frozen=True, eq=False)
class TokenRows(Sequence["Int[torch.Tensor, '_']"]):
    """Sentences of token numbers: those of sentence i are ``tokens[starts[i] : starts[i + 1]]``.

    Both arrays may be files that are mapped into memory, which every process then shares.
    """

    tokens: Tokens
    starts: Numbers

    @property
    def lengths(self) -> Numbers:
        """The number of tokens of every sentence."""
        return np.diff(self.starts)

    def lengths_of(self, rows: Rows) -> Numbers:
        """The number of tokens of these sentences."""
        lengths: Numbers = self.starts[np.asarray(rows) + 1] - self.starts[rows]
        return lengths

    def padded(self, rows: Rows) -> Int[torch.Tensor, "sentences longest"]:
        """These sentences, padded on the right."""
        lengths = self.lengths_of(rows)[:, None]
        columns = np.arange(lengths.max())
        # Beyond the last sentence there is no token to read, to be replaced as any other.
        places = np.minimum(self.starts[rows][:, None] + columns, len(self.tokens) - 1)
        tokens = np.where(columns < lengths, self.tokens[places], PAD)
        return torch.from_numpy(tokens.astype(np.int64))

    def counts(self, classes: int) -> Numbers:
        """The number of times that each token number below `classes` occurs."""
        counts = np.zeros(classes, np.int64)
        own = self.tokens[self.starts[0] : self.starts[-1]]
        for first in range(0, len(own), _COUNTED):
            counts += np.bincount(own[first : first + _COUNTED], minlength=classes)
        return counts

    def __len__(self) -> int:
        return len(self.starts) - 1

    @overload
    def __getitem__(self, row: int) -> torch.Tensor: ...
    @overload
    def __getitem__(self, row: slice) -> TokenRows: ...
    def __getitem__(self, row: int | slice) -> torch.Tensor | TokenRows:
        if isinstance(row, slice):
            first, end, step = row.indices(len(self))
            if step != 1:
                raise ValueError("a slice of sentences must be of neighbors")
            return TokenRows(self.tokens, self.starts[first : max(first, end) + 1])
        first, end = self.starts[range(len(self))[row] :][:2]  # an index may count from the end
        return torch.from_numpy(self.tokens[first:end].astype(np.int64))
