"""Slot `loss`: the training objective."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from harness import contracts
from harness.components.component import Component
from harness.contracts import Setting


@dataclass(frozen=True, kw_only=True)
class Loss(Component):
    """From logits ``(tokens, classes)`` and targets ``(tokens,)`` to their summed loss in nats.

    It never sees padding, and must not divide by the number of tokens: the core does, by the tokens
    of the whole update. Scores never come from it: negative log-likelihood is the core's own.
    """

    slot: ClassVar[str] = "loss"
    hook: ClassVar[str] = "harness_losses"

    @abstractmethod
    def build(self, setting: Setting) -> contracts.LossFunction:
        """A function of logits and targets that returns a sum."""
