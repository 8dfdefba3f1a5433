"""Label smoothing, in the three conventions that the field uses."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Literal

import torch
from jaxtyping import Float, Int

from harness import contracts
from harness.components import Loss
from harness.components.options import ProbabilityBelowOne
from harness.contracts import Setting


@dataclass(frozen=True, kw_only=True)
class LabelSmoothing(Loss):
    """Cross-entropy against targets that keep 1 - `smoothing` and share out the rest.

    ``-sum_t sum_k q_tk log p_tk`` (Szegedy et al. 2016, section 7). With K classes, pad among them,
    and e for `smoothing`, the `convention` says who shares:

    ==================  =========  =========  =========  ===========================================
    convention          q of gold  q of rest  q of pad   found in
    ==================  =========  =========  =========  ===========================================
    all                 1-e+e/K    e/K        e/K        Szegedy et al., torch, Composer
    others              1-e        e/(K-1)    e/(K-1)    fairseq
    others_without_pad  1-e        e/(K-2)    0          the Annotated Transformer, JoeyNMT
    ==================  =========  =========  =========  ===========================================

    ``others`` at e is ``all`` at e*K/(K-1). The Annotated Transformer and JoeyNMT report the KL
    divergence: the same gradient, and a value lower by the entropy of the target, a constant.
    A pad logit of -inf makes the loss infinite where pad has a share, and does no harm without.
    """

    name = "label_smoothing"
    bare = "smoothing"

    smoothing: ProbabilityBelowOne = 0.1
    convention: Literal["all", "others", "others_without_pad"] = "all"

    def build(self, setting: Setting) -> contracts.LossFunction:
        """One log-softmax, its value at gold and its sum over the classes that share."""
        if self.smoothing == 0:
            return partial(torch.nn.functional.cross_entropy, reduction="sum")
        without = {"all": 0, "others": 1, "others_without_pad": 2}[self.convention]
        share = self.smoothing / (setting.classes - without)
        # The sum gives gold a share too: that much less is gold's own, unless gold does share.
        own = 1 - self.smoothing - (share if without else 0)
        pad = setting.pad if self.convention == "others_without_pad" else None

        def smoothed(
            logits: Float[torch.Tensor, "tokens classes"],
            targets: Int[torch.Tensor, "tokens"],
        ) -> Float[torch.Tensor, ""]:
            log_p = torch.log_softmax(logits, dim=-1)
            nll = torch.nn.functional.nll_loss(log_p, targets, reduction="sum")
            return own * nll - share * _sum(log_p.sum(dim=0), without=pad)

        return smoothed


def _sum(
    classes: Float[torch.Tensor, "classes"], *, without: int | None
) -> Float[torch.Tensor, ""]:
    """The sum over classes; one is left out and not subtracted, because it may be -inf."""
    if without is None:
        return classes.sum()
    return classes[:without].sum() + classes[without + 1 :].sum()
