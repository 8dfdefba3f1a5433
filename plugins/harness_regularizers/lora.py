"""LoRA: low-rank adapters beside frozen matrices."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from harness.components.options import ProbabilityBelowOne
from harness.contracts import Regularization, Setting
from harness.streams import Noise, kept_share
from harness_regularizers.low_rank import LowRank

if TYPE_CHECKING:
    from harness_regularizers.adapter import Disturb, Factors


@dataclass(frozen=True, kw_only=True)
class Lora(LowRank):
    """Trains a low-rank addition to frozen matrices, and nothing else (LoRA, Hu et al. 2022).

    W' x = W x + s B A x, with A of shape (rank, inputs), B of shape (outputs, rank) and
    s = `alpha` / `rank`; with `rslora` s = alpha / sqrt(rank) (Kalajdzievski 2023). A begins
    uniform on +-1 / sqrt(inputs), B at 0: the model begins as it was. `targets` are ``query``,
    ``key``, ``value`` and ``output`` of every attention, and ``feed_forward``, which is both
    matrices of that network. Everything else is frozen: no gradient, no moment, no decay reaches
    it, and clipping sees the adapters' gradients only. For evaluation W + s B A is one matrix.

    `dropout` is the PEFT library's lora_dropout: W x + s B A (x * m / (1 - dropout)), with
    m ~ Bernoulli(1 - dropout) for every element of x, so anew at every place. It is not the LoRA
    Dropout of Lin et al., which is `lora_dropout` here and masks the matrices. Scale, start and the
    defaults of rank and alpha are PEFT's too, and tests hold the answer to that of its 0.21.2.
    """

    name = "lora"
    bare = "rank"

    dropout: ProbabilityBelowOne = 0.0

    def build(self, setting: Setting) -> Regularization:
        """Hangs the adapters and freezes the rest."""
        return Regularization(modify_model=self._adapt)

    def _disturb(self) -> Disturb | None:
        return self._drop_inputs if kept_share(self.dropout) < 1 else None

    def _drop_inputs(self, factors: Factors, *, name: str, noise: Noise) -> Factors:
        if not noise.training:
            return factors
        states = factors.states
        kept = noise.keep(f"lora.{name}", states.shape, self.dropout)
        return replace(factors, states=states * kept.to(states.dtype) / kept_share(self.dropout))
