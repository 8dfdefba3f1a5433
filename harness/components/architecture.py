"""Slot `model`: the network from token numbers to logits."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from harness.components.component import Component
from harness.components.options import PositiveInt
from harness.contracts import Model, Vocabularies


@dataclass(frozen=True, kw_only=True)
class Architecture(Component):
    """The options of a model, of which all have `d_model`, the width of its hidden states.

    The built model is a `harness.model.SequenceModel` on the CPU, whose parameters are 0, those of
    a normalization named ``norm.weight`` 1: initializers fill them by name. Noise comes with each
    call, through its sites; it has no dropout of its own and no train mode. Padding of either side
    must change no logit at a real place, nor may a later target token.

    A study that writes bare options under `model` means those of `unnamed`.
    """

    slot: ClassVar[str] = "model"
    hook: ClassVar[str] = "harness_models"
    noun: ClassVar[str | None] = "model"
    unnamed: ClassVar[str | None] = "encoder_decoder"

    d_model: PositiveInt = 512

    @property
    def needs_one_vocabulary(self) -> str | None:
        """The option, as ``tie: all``, by which both sides index one matrix; None without one."""
        return None

    def parameter_count(self, vocabularies: Vocabularies) -> int | None:
        """The number of parameters, from the options alone and without torch.

        None has them counted in a model without memory (torch's meta device), before training.
        """
        return None

    def attention_weights(self, *, source: int, target: int) -> int:
        """The most that one layer computes at once for a sentence pair of these lengths."""
        return 0

    @abstractmethod
    def build(self, vocabularies: Vocabularies) -> Model:
        """The model, with every weight 0."""
