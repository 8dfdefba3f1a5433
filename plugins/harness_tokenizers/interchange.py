"""Vocabularies in the format of Hugging Face's tokenizers, ``tokenizer.json``, as JSON data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.contracts import SPECIAL_TOKENS, UNK

# Written out here, without the library: with it, its version would count in every run of words.
Data = Mapping[str, Any]

# Python's \s has the four separators from \x1c on, which the library's has not.
_SPACE = r"\s\x1c-\x1f"
_WORD = r"\p{L}\p{N}_"  # Python's \w, in the Unicode version of the library
_MARK = rf"[^{_WORD}{_SPACE}]"


@dataclass(frozen=True, kw_only=True)
class Steps:
    """The steps around a list of tokens: text to pieces, and pieces to text."""

    normalizers: Sequence[Data]
    pieces: str  # the pattern of what becomes a token; the rest is left out
    decoder: Data

    def with_lowercase(self) -> Steps:
        """The same steps for text in small letters."""
        normalizers = [{"type": "Lowercase"}, *self.normalizers]
        return Steps(normalizers=normalizers, pieces=self.pieces, decoder=self.decoder)


def characters() -> Steps:
    """The steps of single characters."""
    return Steps(normalizers=(), pieces=r"[\s\S]", decoder={"type": "Fuse"})


def words(*, attached: str) -> Steps:
    """The steps of words and punctuation marks; `attached` marks those without a space before."""
    return Steps(
        normalizers=[
            _replace(attached, content=" "),
            # Between two tokens that touch: the library has no pieces that know the one before.
            _replace(
                rf"(?<=[^{_SPACE}])(?={_MARK})|(?<={_MARK})(?=[{_WORD}])",
                content=attached,
            ),
        ],
        pieces=rf"{attached}?(?:[{_WORD}]+|{_MARK})",
        decoder={
            "type": "Sequence",
            "decoders": [
                {"type": "WordPiece", "prefix": attached, "cleanup": False},
                {"type": "Strip", "content": attached, "start": 1, "stop": 0},
            ],
        },
    )


def word_level(tokens: Sequence[str], *, steps: Steps) -> Data:
    """The file of a list of tokens, the special ones first."""
    return _file(
        normalizer={"type": "Sequence", "normalizers": [*steps.normalizers]},
        pre_tokenizer={
            "type": "Split",
            "pattern": {"Regex": steps.pieces},
            "behavior": "Removed",
            "invert": True,
        },
        decoder=steps.decoder,
        model={
            "type": "WordLevel",
            "vocab": {token: number for number, token in enumerate([*SPECIAL_TOKENS, *tokens])},
            "unk_token": SPECIAL_TOKENS[UNK],
        },
    )


def subwords(trained: Data, *, tokens: Sequence[str], special: Sequence[str]) -> Data:
    """The file of a tokenizer that the library trained, its tokens renumbered after `special`.

    An empty line, which is one space here, has no token there.
    """
    numbers = {token: number for number, token in enumerate([*special, *tokens])}
    model = dict(trained["model"])
    if model["type"] == "BPE":
        model["vocab"] = numbers
    else:  # a unigram model numbers its subwords by their places
        scores = {**dict.fromkeys(special, 0.0), **dict(model["vocab"])}
        model |= {"vocab": [[token, scores[token]] for token in numbers], "unk_id": UNK}
    hidden = [
        _replace_text(name, content=text if number == UNK else "")
        for number, (name, text) in enumerate(zip(special, SPECIAL_TOKENS, strict=True))
    ]
    strip = {"type": "Strip", "content": " ", "start": 1, "stop": 0}
    return _file(
        normalizer=_replace(r"\A", content=" "),
        pre_tokenizer=trained["pre_tokenizer"],
        decoder={"type": "Sequence", "decoders": [*hidden, {"type": "Fuse"}, strip]},
        model=model,
    )


def _file(**parts: Data) -> Data:
    # No added tokens: the library would take them out of any text that happens to have them.
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [],
        "post_processor": None,
        **parts,
    }


def _replace(pattern: str, *, content: str) -> Data:
    return {"type": "Replace", "pattern": {"Regex": pattern}, "content": content}


def _replace_text(text: str, *, content: str) -> Data:
    return {"type": "Replace", "pattern": {"String": text}, "content": content}
