"""Sentences grouped into batches, fixed before any model code runs.

Sentences of equal length are batched together, so that little is padded; their grouping and the
order of the batches are keyed by (seed, replicate, epoch) and by nothing else.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import torch
from jaxtyping import Int
from torch.nn.utils.rnn import pad_sequence

from harness import streams
from harness.contracts import BOS, EOS, PAD, UNK, Batch, Codec, Codecs, Pair
from harness.errors import HarnessError

LONGEST = 10_000  # tokens of a line: attention weights are the square, 400 MB for each head


@dataclass(frozen=True)
class EncodedPairs:
    """One split as token numbers; every target begins with bos and ends with eos.

    Of a split that is scored, `sizes` are the bytes of each raw target in UTF-8, and `altered`
    counts the targets that their tokens do not give back exactly.
    """

    sources: Sequence[Int[torch.Tensor, "_"]]
    targets: Sequence[Int[torch.Tensor, "_"]]
    sizes: Sequence[int] = ()
    altered: int = 0

    def lengths(self) -> list[tuple[int, int]]:
        """For every pair, the tokens to predict and the tokens to read."""
        pairs = zip(self.sources, self.targets, strict=True)
        return [(len(target) - 1, len(source)) for source, target in pairs]

    def batch(self, rows: Sequence[int], *, device: str) -> Batch:
        """These pairs, padded on the right."""
        targets = [self.targets[row] for row in rows]
        return Batch(
            source=_pad([self.sources[row] for row in rows]).to(device),
            target=_pad(targets).to(device),
            tokens=sum(len(target) - 1 for target in targets),
        )


def _pad(rows: list[torch.Tensor]) -> torch.Tensor:
    return pad_sequence(rows, batch_first=True, padding_value=PAD)


def encode(pairs: Sequence[Pair], *, codecs: Codecs) -> EncodedPairs:
    """A split's raw lines as token numbers; a source ends with eos, so none is empty.

    Raises `HarnessError` for a line of more tokens than attention can hold.
    """
    sources = [[*_tokens(pair.source, codec=codecs.source), EOS] for pair in pairs]
    targets = [[BOS, *_tokens(pair.target, codec=codecs.target), EOS] for pair in pairs]
    return EncodedPairs([*map(torch.tensor, sources)], [*map(torch.tensor, targets)])


def encode_scored(pairs: Sequence[Pair], *, codecs: Codecs) -> EncodedPairs:
    """The same for a split that is scored, with the sizes of its raw targets."""
    encoded = encode(pairs, codecs=codecs)
    targets = [target[1:-1].tolist() for target in encoded.targets]
    kept = [
        UNK not in tokens and codecs.target.decode(tokens) == pair.target
        for tokens, pair in zip(targets, pairs, strict=True)
    ]
    # Half a surrogate pair, which JSON can hold, is no UTF-8; it would have three bytes.
    sizes = [len(pair.target.encode(errors="surrogatepass")) for pair in pairs]
    return replace(encoded, sizes=sizes, altered=kept.count(False))


def _tokens(line: str, *, codec: Codec) -> list[int]:
    tokens = codec.encode(line)
    if len(tokens) > LONGEST:
        raise HarnessError(
            f"the line that begins {line[:30]!a} has {len(tokens)} tokens, more than the limit of "
            f"{LONGEST}; split it, or remove it"
        )
    return tokens


def cut(order: Sequence[int], *, lengths: Sequence[tuple[int, int]], limit: int) -> list[list[int]]:
    """Cut `order` into batches of at most `limit` real target tokens.

    Raises `HarnessError` for a sentence that alone is longer.
    """
    batches: list[list[int]] = []
    # As if a batch were full, so that the first sentence opens one.
    tokens = limit
    for row in order:
        length = lengths[row][0]
        if length > limit:
            raise HarnessError(
                f"batch_tokens is {limit}, but training pair {row + 1}, not counting blank ones, "
                f"has {length} target tokens; raise batch_tokens to at least "
                f"{max(target for target, _ in lengths)}"
            )
        if tokens + length > limit:
            batches.append([])
            tokens = 0
        batches[-1].append(row)
        tokens += length
    return batches


@dataclass(frozen=True, kw_only=True)
class Order:
    """The batches of every epoch, each a list of row numbers."""

    lengths: Sequence[tuple[int, int]]
    batch_tokens: int
    seed: int
    replicate: int = 0

    def epoch(self, number: int) -> list[list[int]]:
        """The batches of one epoch, counted from 0; every epoch has equally many."""
        generator = streams.generator(self.seed, "order", self.replicate, number)
        shuffled = torch.randperm(len(self.lengths), generator=generator).tolist()
        # The sort is stable: sentences of one length stay shuffled, and meet others in each epoch.
        by_length = sorted(shuffled, key=self.lengths.__getitem__)
        batches = cut(by_length, lengths=self.lengths, limit=self.batch_tokens)
        positions = torch.randperm(len(batches), generator=generator).tolist()
        return [batches[position] for position in positions]

    def digest(self, number: int) -> str:
        """A digest of an epoch's batches; two runs with the same batches share it."""
        return hashlib.sha256(json.dumps(self.epoch(number)).encode()).hexdigest()[:16]

    def batches(self, *, skip: int = 0) -> Iterator[list[int]]:
        """Epoch after epoch without end, from the batch after the first `skip`."""
        # Any epoch has as many: lengths, once sorted, are the same, and so are the places of the
        # cuts.
        epoch, skip = divmod(skip, len(self.epoch(0)))
        while True:
            yield from islice(self.epoch(epoch), skip, None)
            epoch, skip = epoch + 1, 0


def in_order_of_length(pairs: EncodedPairs, *, limit: int) -> list[list[int]]:
    """Batches for evaluation: every pair once, the same batches always."""
    lengths = pairs.lengths()
    order = sorted(range(len(lengths)), key=lengths.__getitem__)
    # However long a sentence is, its score counts; only training may refuse it.
    return cut(order, lengths=lengths, limit=max(limit, *(target for target, _ in lengths)))
