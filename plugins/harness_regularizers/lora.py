"""LoRA: low-rank adapters of frozen matrices."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from harness.components.options import ProbabilityBelowOne
from harness.contracts import Regularization, Setting
from harness.streams import Noise, kept_share
from harness_regularizers.low_rank import LowRank

if TYPE_CHECKING:
    from harness_regularizers.adapter import Factors, PerturbFactors


@dataclass(frozen=True, kw_only=True)
class Lora(LowRank):
    """Trains low-rank updates of frozen matrices, and nothing else (LoRA, Hu et al. 2022).

    W' x = W x + s B A x, with A of shape (rank, inputs), B of shape (outputs, rank) and
    s = `alpha` / `rank`; with `rslora` s = alpha / sqrt(rank) (Kalajdzievski 2023). A is
    initialized uniformly on +-1 / sqrt(inputs), B to 0, so that the initial model is unchanged.
    `targets` are ``query``, ``key``, ``value`` and ``output`` of every attention, and
    ``feed_forward`` for all matrices of that network. All other parameters are frozen: they have
    no gradients, no optimizer state and no decay, and clipping uses the adapters' gradients only.
    For evaluation, W + s B A is merged into one matrix.

    `dropout` is the PEFT library's lora_dropout: W x + s B A (x * m / (1 - dropout)), with
    m ~ Bernoulli(1 - dropout) drawn for every element of x, at every position. It is not the LoRA
    Dropout of Lin et al., which is `lora_dropout` here and masks the matrices. The scale, the
    initialization and the defaults of rank and alpha are PEFT's too; tests compare the output with
    that of PEFT 0.21.2.
    """

    name = "lora"
    bare = "rank"

    dropout: ProbabilityBelowOne = 0.0

    def build(self, setting: Setting) -> Regularization:
        """Frozen parameters, and an adapter on every target."""
        return Regularization(modify_model=self._adapt)

    def _factor_noise(self) -> PerturbFactors | None:
        return self._drop_inputs if kept_share(self.dropout) < 1 else None

    def _drop_inputs(self, factors: Factors, *, name: str, noise: Noise) -> Factors:
        # An evaluation over the members of another regularizer has noise too, but no input dropout.
        if not noise.training:
            return factors
        states = factors.states
        kept = noise.keep(f"lora.{name}", states.shape, self.dropout)
        return replace(factors, states=states * kept.to(states.dtype) / kept_share(self.dropout))
