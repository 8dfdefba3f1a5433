"""Slot `tokenizer`: text to token ids and back."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from harness.components.component import Component
from harness.contracts import Codecs, Corpus


@dataclass(frozen=True, kw_only=True)
class Tokenizer(Component):
    """Learns a vocabulary from the training split, and from nothing else."""

    slot: ClassVar[str] = "tokenizer"
    hook: ClassVar[str] = "harness_tokenizers"

    @abstractmethod
    def build(self, corpus: Corpus) -> Codecs:
        """One codec per side. ``decode(encode(line))`` must give the line back, except unknowns."""
