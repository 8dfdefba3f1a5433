"""Slot `decoding_policy`: what the decoder is fed while it learns."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from harness.components.component import Component
from harness.contracts import Predict, Setting


@dataclass(frozen=True, kw_only=True)
class DecodingPolicy(Component):
    """One batch in, one prediction out: the only place in training where a forward happens.

    The pass whose prediction is returned must use `noise` as it came; passes before it use
    ``noise.of_pass(name)``. With gold tokens throughout, a policy must equal teacher forcing to
    the bit.
    """

    slot: ClassVar[str] = "decoding_policy"
    hook: ClassVar[str] = "harness_decoding_policies"

    @abstractmethod
    def build(self, setting: Setting) -> Predict:
        """A function of model, batch, update number and noise."""
