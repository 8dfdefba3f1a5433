"""Slot `decoding_policy`: training-time decoding, such as teacher forcing."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from harness.components.component import Component
from harness.contracts import Predict, Setting


@dataclass(frozen=True, kw_only=True)
class DecodingPolicy(Component):
    """Training-time decoding (teacher forcing): one batch to one prediction, the only forward pass.

    Not to be confused with the slot `generation`, the decoding strategy of a trained model.

    The pass whose prediction is returned must use `noise` as it came; passes before it use
    ``noise.of_pass(name)``. With gold tokens throughout, a policy must equal teacher forcing to
    the bit.
    """

    slot: ClassVar[str] = "decoding_policy"
    hook: ClassVar[str] = "harness_decoding_policies"

    @abstractmethod
    def build(self, setting: Setting) -> Predict:
        """A function of model, batch, update number and noise."""
