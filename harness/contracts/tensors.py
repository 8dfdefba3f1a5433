"""Tensors on their way through a model: batches in, predictions out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int

from harness.contracts.text import PAD


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Sentences padded on the right; targets begin with bos and end with eos."""

    source: Int[torch.Tensor, "sentences source"]
    target: Int[torch.Tensor, "sentences target_with_bos"]
    tokens: int  # real target tokens to predict, eos included: known before any forward

    @property
    def target_input(self) -> Int[torch.Tensor, "sentences target"]:
        """The decoder's input: all but the last token (shifted right by the bos)."""
        # The eos of a shorter sentence stays in: what is predicted after it is padding, and not
        # `real`.
        return self.target[:, :-1]

    @property
    def target_next(self) -> Int[torch.Tensor, "sentences target"]:
        """The tokens to predict: all but the bos."""
        return self.target[:, 1:]

    @property
    def real(self) -> Bool[torch.Tensor, "sentences target"]:
        """True where `target_next` is a token and not padding."""
        # By number, as no text has the number of pad: every codec is checked for that.
        return self.target_next != PAD


class Memory(NamedTuple):
    """The encoder's output; `visible` is None when nothing is padded."""

    states: Float[torch.Tensor, "sentences source d_model"]
    visible: Bool[torch.Tensor, "sentences source"] | None


class Prediction(NamedTuple):
    """One forward pass, at the real target positions only."""

    logits: Float[torch.Tensor, "tokens classes"]
    targets: Int[torch.Tensor, "tokens"]
    hidden: Float[torch.Tensor, "tokens d_model"]
