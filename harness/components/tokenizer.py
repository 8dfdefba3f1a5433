"""Slot `tokenizer`: text to token ids and back."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from harness.components.component import Component
from harness.contracts import Codecs, Corpus
from harness.errors import HarnessError


@dataclass(frozen=True, kw_only=True)
class Tokenizer(Component):
    """Learns a vocabulary from the training split, and from nothing else."""

    slot: ClassVar[str] = "tokenizer"
    hook: ClassVar[str] = "harness_tokenizers"

    @abstractmethod
    def build(self, corpus: Corpus) -> Codecs:
        """One codec per side. ``decode(encode(line))`` must give the line back, except unknowns.

        Where the corpus `continues`, both sides are one codec, learned from its `texts`: sources
        are prompts, which can all be empty. Where a reference is not given back exactly, unknowns
        or not, there is no score in bits per byte.
        """

    def restored(self, sides: Sequence[object]) -> Codecs:
        """The codecs of which ``stored`` gave these: of both sides at once, or of each side.

        Only a tokenizer whose codecs are a `StorableCodec` needs this. Raises `HarnessError` for
        any other, and for data that no codec gave.
        """
        raise HarnessError(f"tokenizer {self.name} cannot restore a vocabulary that was exported")
