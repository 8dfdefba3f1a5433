"""Slot `generation`: the decoding strategy."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from harness.components.component import Component
from harness.contracts import Generate, Setting


@dataclass(frozen=True, kw_only=True)
class Generation(Component):
    """The decoding strategy of a trained model, such as greedy or beam search.

    Decodes a batch of sources of one length, without teacher forcing and without noise (decoding in
    training is the slot `decoding_policy`). Returns one list of token ids per sentence, without
    bos and eos. Random draws are keyed by the sentence's line number, so that they do not depend on
    how sentences are batched.
    """

    slot: ClassVar[str] = "generation"
    hook: ClassVar[str] = "harness_generations"

    @abstractmethod
    def build(self, setting: Setting) -> Generate:
        """A function of model and sources."""
