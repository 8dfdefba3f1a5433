"""LoRA Dropout: LoRA with dropout of columns of A and rows of B."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from harness.components.options import OptionalRepeats, ProbabilityBelowOne, Repeats
from harness.contracts import Regularization, Setting
from harness.streams import Noise, kept_share
from harness_regularizers.low_rank import LowRank

if TYPE_CHECKING:
    from harness_regularizers.adapter import Factors, PerturbFactors


@dataclass(frozen=True, kw_only=True)
class LoraDropout(LowRank):
    """LoRA with random dropout of columns of A and rows of B (Lin et al. 2024).

    W x + s (diag(m_B) B) (A diag(m_A)) x, with m_A ~ Bernoulli(1 - rate) for each input and
    m_B ~ Bernoulli(1 - rate) for each output: one mask vector per matrix and pass, shared by all
    sentences and positions. An element of B A survives with probability (1 - rate)^2. The rank
    dimension is never masked, since that would lower the rank. `matrices` masks ``A`` or ``B``
    alone.

    It includes `lora`, which explains `rank`, `alpha`, `targets` and `rslora`; the two cannot be
    combined. At a rate of 0 it equals lora, bit for bit.

    An update averages the losses of `instances` passes with independent masks, and takes as many
    times as long. Evaluation averages the probabilities (not the logits) of as many `members`,
    whose masks are the same at every evaluation; with 0 members it uses the unmasked matrices,
    once. No other dropout is active in evaluation. By default (``rescale: inverted``) masked
    matrices are divided by the share that is kept, so that B A in evaluation is its mean in
    training. With ``none``, as in an independent implementation of the paper's formula, training
    has only (1 - rate)^2 of B A on average if both are masked, 1 - rate if one is: use it with
    `members` above 0, since without them evaluation has all of B A, a scale never trained.

    Not verified, because the paper's tables were not available: its rate, its numbers of instances
    and members, its scale, and that it averages probabilities. The defaults are this program's.
    """

    name = "lora_dropout"
    bare = "rate"
    excludes = ("lora",)

    rate: ProbabilityBelowOne = 0.1
    matrices: Literal["both", "A", "B"] = "both"
    rescale: Literal["none", "inverted"] = "inverted"
    instances: Repeats = 2
    members: OptionalRepeats = 0

    def build(self, setting: Setting) -> Regularization:
        """Adapters, passes and members; at a rate of 0, adapters only."""
        if not self._has_masks:
            return Regularization(modify_model=self._adapt)
        return Regularization(passes=self.instances, members=self.members, modify_model=self._adapt)

    @property
    def _has_masks(self) -> bool:
        return kept_share(self.rate) < 1

    def _factor_noise(self) -> PerturbFactors | None:
        return self._mask if self._has_masks else None

    def _mask(self, factors: Factors, *, name: str, noise: Noise) -> Factors:
        # Not only in training: the members of an evaluation are such masks.
        share = kept_share(self.rate) if self.rescale == "inverted" else 1.0
        a, b = factors.A, factors.B
        # A mask over inputs for A and over outputs for B, and 1 along the rank in both.
        if self.matrices != "B":
            a = a * noise.keep(f"lora_dropout.{name}.A", (1, a.shape[1]), self.rate) / share
        if self.matrices != "A":
            b = b * noise.keep(f"lora_dropout.{name}.B", (b.shape[0], 1), self.rate) / share
        return replace(factors, A=a, B=b)
