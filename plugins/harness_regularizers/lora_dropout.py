"""LoRA Dropout: LoRA whose matrices lose rows and columns."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from harness.components.options import NonNegativeInt, PositiveInt, ProbabilityBelowOne
from harness.contracts import Regularization, Setting
from harness.streams import Noise, kept_share
from harness_regularizers.low_rank import LowRank

if TYPE_CHECKING:
    from harness_regularizers.adapter import Disturb, Factors


@dataclass(frozen=True, kw_only=True)
class LoraDropout(LowRank):
    """LoRA that loses columns of A and rows of B at random, never rank (Lin et al. 2024).

    W x + s (diag(m_B) B) (A diag(m_A)) x, with m_A ~ Bernoulli(1 - rate) for each input and
    m_B ~ Bernoulli(1 - rate) for each output: one vector a matrix and pass, the same for all
    sentences and places. An element of B A survives with probability (1 - rate)^2. The dimension of
    the rank is never masked, which would lower it. `matrices` masks ``A`` or ``B`` alone.

    It is `lora` complete, and cannot stand beside it: `rank`, `alpha`, `targets` and `rslora` are
    explained there. At a rate of 0 it is lora, to the bit.

    An update averages the losses of `instances` passes, each with masks of its own, and costs as
    many. Evaluation averages the probabilities (not the logits) of as many `members`, which are the
    same at every evaluation; with 0 it uses the whole matrices, once. Only these masks are on in
    it, no other dropout. The masks are not made up for (``rescale: none``), as an independent
    program has the paper's formula, so that whole matrices add more than masked ones did in
    training, by 1 / (1 - rate)^2 where both are masked; ``inverted`` divides by that share.

    Not verified, for want of the paper's tables: its rate, its numbers of instances and members,
    and that it averages probabilities. The defaults are this program's.
    """

    name = "lora_dropout"
    bare = "rate"
    excludes = ("lora",)

    rate: ProbabilityBelowOne = 0.1
    matrices: Literal["both", "A", "B"] = "both"
    rescale: Literal["none", "inverted"] = "none"
    instances: PositiveInt = 2
    members: NonNegativeInt = 0

    def build(self, setting: Setting) -> Regularization:
        """Adapters and passes; a rate of 0 asks for neither instances nor members."""
        if not self._masks:
            return Regularization(modify_model=self._adapt)
        return Regularization(passes=self.instances, members=self.members, modify_model=self._adapt)

    @property
    def _masks(self) -> bool:
        return kept_share(self.rate) < 1

    def _disturb(self) -> Disturb | None:
        return self._mask if self._masks else None

    def _mask(self, factors: Factors, *, name: str, noise: Noise) -> Factors:
        share = kept_share(self.rate) if self.rescale == "inverted" else 1.0
        a, b = factors.A, factors.B
        if self.matrices != "B":
            a = a * noise.keep(f"lora_dropout.{name}.A", (1, a.shape[1]), self.rate) / share
        if self.matrices != "A":
            b = b * noise.keep(f"lora_dropout.{name}.B", (b.shape[0], 1), self.rate) / share
        return replace(factors, A=a, B=b)
