"""Sentences grouped into batches, fixed before any model code runs.

Sentences of equal length are batched together, so that little is padded; their grouping and the
order of the batches are keyed by (seed, replicate, epoch) and by nothing else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice, pairwise

import numpy as np
import torch

from harness import streams
from harness.contracts import UNK, Batch, Codecs, Pair
from harness.errors import HarnessError
from harness.training.encoding import encode_rows
from harness.training.token_rows import Numbers, Rows, TokenRows


@dataclass(frozen=True)
class EncodedPairs:
    """One split as token numbers; every target begins with bos and ends with eos.

    Of a split that is scored, `sizes` are the bytes of each raw target in UTF-8, and `altered`
    counts the targets that their tokens do not give back exactly.
    """

    sources: TokenRows
    targets: TokenRows
    sizes: Sequence[int] = ()
    altered: int = 0

    def lengths(self) -> Numbers:
        """For every pair, the tokens to predict and the tokens to read."""
        return np.stack([self.targets.lengths - 1, self.sources.lengths], axis=1)

    def batch(self, rows: Rows, *, device: str) -> Batch:
        """These pairs, padded on the right."""
        return Batch(
            source=self.sources.padded(rows).to(device),
            target=self.targets.padded(rows).to(device),
            tokens=int((self.targets.lengths_of(rows) - 1).sum()),
        )


def encode(pairs: Sequence[Pair], *, codecs: Codecs) -> EncodedPairs:
    """A split's raw lines as token numbers; a source ends with eos, so none is empty.

    Raises `HarnessError` for a line of more tokens than attention can hold.
    """
    return EncodedPairs(
        encode_rows([pair.source for pair in pairs], codec=codecs.source, begins=False),
        encode_rows([pair.target for pair in pairs], codec=codecs.target, begins=True),
    )


def encode_scored(pairs: Sequence[Pair], *, codecs: Codecs) -> EncodedPairs:
    """The same for a split that is scored, with the sizes of its raw targets."""
    encoded = encode(pairs, codecs=codecs)
    targets = [target[1:-1].tolist() for target in encoded.targets]
    kept = [
        UNK not in tokens and codecs.target.decode(tokens) == pair.target
        for tokens, pair in zip(targets, pairs, strict=True)
    ]
    return replace(encoded, sizes=reference_sizes(pairs), altered=kept.count(False))


def reference_sizes(pairs: Sequence[Pair]) -> list[int]:
    """The bytes of every raw target in UTF-8."""
    # Half a surrogate pair, which JSON can hold, is no UTF-8; it would have three bytes.
    return [len(pair.target.encode(errors="surrogatepass")) for pair in pairs]


def cut(order: Numbers, *, lengths: Numbers, limit: int) -> list[Numbers]:
    """Cut `order` into batches of at most `limit` real target tokens.

    Raises `HarnessError` for a sentence that alone is longer.
    """
    tokens = lengths[order, 0]
    if tokens.max() > limit:
        row = order[(tokens > limit).argmax()]
        raise HarnessError(
            f"batch_tokens is {limit}, but training pair {row + 1}, not counting blank ones, "
            f"has {lengths[row, 0]} target tokens; raise batch_tokens to at least {tokens.max()}"
        )
    return [order[first:end] for first, end in pairwise(_cuts(tokens, limit=limit))]


def _cuts(tokens: Numbers, *, limit: int) -> list[int]:
    """The places where batches begin, and where the last one ends."""
    sums = tokens.cumsum()
    cuts, before = [0], 0
    while cuts[-1] < len(sums):
        cuts.append(int(sums.searchsorted(before + limit, side="right")))
        before = sums[cuts[-1] - 1]
    return cuts


def _by_length(lengths: Numbers) -> Numbers:
    """The pairs in the order of their lengths, those of equal lengths in the order given."""
    target, source = lengths.T
    places = target * (source.max() + 1) + source
    # numpy sorts integers of 16 bits by counting them, ten times as fast.
    order: Numbers = places.astype(np.min_scalar_type(places.max())).argsort(kind="stable")
    return order


@dataclass(frozen=True, kw_only=True)
class Order:
    """The batches of every epoch, each an array of row numbers."""

    lengths: Numbers
    batch_tokens: int
    seed: int
    replicate: int = 0

    def epoch(self, number: int) -> list[Numbers]:
        """The batches of one epoch, counted from 0; every epoch has equally many."""
        generator = streams.generator(self.seed, "order", self.replicate, number)
        shuffled = torch.randperm(len(self.lengths), generator=generator).numpy()
        # The sort is stable: sentences of one length stay shuffled, and meet others in each epoch.
        by_length = shuffled[_by_length(self.lengths[shuffled])]
        batches = cut(by_length, lengths=self.lengths, limit=self.batch_tokens)
        positions = torch.randperm(len(batches), generator=generator).tolist()
        return [batches[position] for position in positions]

    @cached_property
    def epoch_batches(self) -> int:
        """The number of batches of any epoch.

        Lengths, once sorted, are the same in each, and so are the places of the cuts.
        """
        by_length = _by_length(self.lengths)
        return len(cut(by_length, lengths=self.lengths, limit=self.batch_tokens))

    def digest(self, number: int) -> str:
        """A digest of an epoch's batches; two runs with the same batches share it."""
        # Of a list of lists of numbers as JSON, a batch at a time.
        digest, between = hashlib.sha256(b"["), ""
        for batch in self.epoch(number):
            digest.update(f"{between}{batch.tolist()}".encode())
            between = ", "
        digest.update(b"]")
        return digest.hexdigest()[:16]

    def batches(self, *, skip: int = 0) -> Iterator[Numbers]:
        """Epoch after epoch without end, from the batch after the first `skip`."""
        epoch, skip = divmod(skip, self.epoch_batches) if skip else (0, 0)
        while True:
            yield from islice(self.epoch(epoch), skip, None)
            epoch, skip = epoch + 1, 0


def in_order_of_length(pairs: EncodedPairs, *, limit: int) -> list[Numbers]:
    """Batches for evaluation: every pair once, the same batches always."""
    lengths = pairs.lengths()
    # However long a sentence is, its score counts; only training may refuse it.
    limit = max(limit, int(lengths[:, 0].max()))
    return cut(_by_length(lengths), lengths=lengths, limit=limit)
