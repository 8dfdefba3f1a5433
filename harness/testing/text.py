"""Contracts of datasets and tokenizers."""

from __future__ import annotations

import json
from typing import Any

from harness.components import Dataset, Tokenizer
from harness.contracts import (
    SPECIAL_TOKENS,
    UNK,
    Codec,
    Codecs,
    Corpus,
    Pair,
    PiecewiseCodec,
    StorableCodec,
)
from harness.errors import HarnessError
from harness.testing import fixtures
from harness.testing.claims import Claims, contract

_UNSEEN = "Ω"


@contract
def check_dataset(component: Dataset) -> None:
    """Check three splits of raw lines, none empty, the same every time."""
    claims = Claims(component, base=Dataset)

    def splits() -> list[list[Pair]]:
        built = component.build()
        claims.builds("a Corpus", built=built, expected=Corpus)
        return [list(split) for split in (built.train, built.validation, built.test)]

    for name, pairs in zip(
        ("train", "validation", "test"), claims.keyed(splits, what="the corpus"), strict=True
    ):
        claims.that(pairs, f"{name} is empty")
        values: list[Any] = pairs
        for number, pair in enumerate(values, start=1):
            text = isinstance(pair, Pair) and all(isinstance(side, str) for side in pair)
            claims.that(text, f"{name} must hold pairs of text, got {pair!r:.40}")
            line = "\n" not in pair.source and "\n" not in pair.target
            claims.that(line, f"pair {number} of {name} is more than one line")


@contract
def check_tokenizer(component: Tokenizer) -> None:
    """Check that it learns from the training split alone, and decodes every line of it.

    What its codecs store, if they do, must give codecs of the same ids, and so must the pieces of
    lines. Of plain text, whose sources are empty, both sides are one codec.
    """
    claims = Claims(component, base=Tokenizer)
    corpus = fixtures.corpus()
    codecs = component.build(corpus)
    claims.builds("Codecs", built=codecs, expected=Codecs)
    for codec in codecs:
        claims.builds("a Codec", built=codec, expected=Codec)
    for side, codec in (("source", codecs.source), ("target", codecs.target)):
        lines = [getattr(pair, side) for pair in corpus.train]
        for line in lines:
            _claim_line(claims, codec=codec, line=line)
            _claim_pieces(claims, codec=codec, line=line)
        known = codec.encode(lines[0])
        special = [*range(len(SPECIAL_TOKENS) - 1), *known]
        claims.that(
            codec.decode(special) == codec.decode(known),
            "decode must leave pad, bos and eos out",
        )
    other = component.build(fixtures.corpus(unseen=_UNSEEN))
    sizes = (other.source.size, other.target.size)
    claims.that(
        sizes == (codecs.source.size, codecs.target.size),
        "learns from validation or test; a vocabulary comes from the training split alone",
    )
    claims.keyed(
        lambda: [component.build(corpus).source.encode(pair.source) for pair in corpus.train],
        what="the vocabulary",
    )
    plain = component.build(fixtures.plain_text())
    claims.that(
        plain.source is plain.target,
        "text that continues needs one codec for both sides, learned from the corpus's texts",
    )
    _claim_restored(claims, component=component, codecs=codecs)


def _claim_restored(claims: Claims, *, component: Tokenizer, codecs: Codecs) -> None:
    """Claim that codecs which are stored with a model come back as they were, through JSON."""
    stored = [codec.stored() for codec in codecs if isinstance(codec, StorableCodec)]
    if len(stored) < len(codecs) or None in stored:
        return
    try:
        restored = component.restored(json.loads(json.dumps(stored)))
    except HarnessError as fault:
        claims.that(False, f"stores a vocabulary that it does not restore: {fault}")  # noqa: FBT003 - the claim
        return
    for before, after, side in zip(codecs, restored, ("source", "target"), strict=True):
        for pair in fixtures.corpus().train:
            line = getattr(pair, side)
            same = before.size == after.size and before.encode(line) == after.encode(line)
            claims.that(same, f"the restored {side} codec must encode {line!r} as the stored one")


def _claim_pieces(claims: Claims, *, codec: Codec, line: str) -> None:
    """Claim that the tokens of a line are those of its pieces, where a codec has pieces."""
    if not isinstance(codec, PiecewiseCodec):
        return
    pieces, counts = codec.pieces([line, line])
    tokens = [token for piece in pieces for token in codec.encode_piece(piece)]
    claims.that(
        sum(counts) == len(pieces) and tokens == 2 * codec.encode(line),
        f"the pieces of {line!r} must have the tokens of the line, got {tokens}",
    )


def _claim_line(claims: Claims, *, codec: Codec, line: str) -> None:
    tokens: list[Any] = codec.encode(line)
    inside = all(isinstance(token, int) and UNK <= token < codec.size for token in tokens)
    claims.that(
        inside, f"encode({line!r}) must give numbers from {UNK} to {codec.size - 1}, got {tokens}"
    )
    if UNK not in tokens:
        back = codec.decode(tokens)
        # Case and spacing apart, which many tokenizers normalize.
        alike = " ".join(back.split()).casefold() == " ".join(line.split()).casefold()
        claims.that(alike, f"decode(encode({line!r})) must give the line back, got {back!r}")
