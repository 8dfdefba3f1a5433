"""Label smoothing, in the three conventions in common use."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Literal

import torch
from jaxtyping import Float, Int

from harness.components import Loss
from harness.components.options import ProbabilityBelowOne, unused_options
from harness.contracts import LossFunction, Setting


@dataclass(frozen=True, kw_only=True)
class LabelSmoothing(Loss):
    """Cross-entropy against targets that spread the probability `smoothing` over other classes.

    ``-sum_t sum_k q_tk log p_tk`` (Szegedy et al. 2016, section 7). With K classes, including pad,
    and e for `smoothing`, the `convention` selects the classes that receive it:

    ==================  =========  =========  =========  ===========================================
    convention          q of gold  q of rest  q of pad   used by
    ==================  =========  =========  =========  ===========================================
    all                 1-e+e/K    e/K        e/K        Szegedy et al., torch, Composer
    others              1-e        e/(K-1)    e/(K-1)    fairseq
    others_without_pad  1-e        e/(K-2)    0          the Annotated Transformer, JoeyNMT
    ==================  =========  =========  =========  ===========================================

    ``others`` at e equals ``all`` at e*K/(K-1). The Annotated Transformer and JoeyNMT report the KL
    divergence, which has the same gradient and is lower by a constant, the entropy of the target.
    A pad logit of -inf makes the loss infinite if pad has a share, and is harmless otherwise.
    """

    name = "label_smoothing"
    bare = "smoothing"

    smoothing: ProbabilityBelowOne = 0.1
    convention: Literal["all", "others", "others_without_pad"] = "all"

    def ignored(self) -> Iterator[str]:
        """The options that others leave without effect."""
        if self.smoothing == 0:
            reason = "a smoothing of 0 gives no class a share"
            yield from unused_options(self, "convention", reason=reason, instead="raise smoothing")

    def build(self, setting: Setting) -> LossFunction:
        """A loss from one log-softmax: its gold value and its sum over the smoothed classes."""
        if self.smoothing == 0:
            return partial(torch.nn.functional.cross_entropy, reduction="sum")
        excluded = {"all": 0, "others": 1, "others_without_pad": 2}[self.convention]
        share = self.smoothing / (setting.classes - excluded)
        # The sum below always includes the gold class: if gold is excluded, take that off again.
        gold_weight = 1 - self.smoothing - (share if excluded else 0)
        pad = setting.pad if self.convention == "others_without_pad" else None

        def smoothed(
            logits: Float[torch.Tensor, "tokens classes"],
            targets: Int[torch.Tensor, "tokens"],
        ) -> Float[torch.Tensor, ""]:
            log_p = torch.log_softmax(logits, dim=-1)
            # Without ignore_index: the logits are those at real tokens only, so no target is pad.
            nll = torch.nn.functional.nll_loss(log_p, targets, reduction="sum")
            return gold_weight * nll - share * _sum(log_p.sum(dim=0), without=pad)

        return smoothed


def _sum(
    classes: Float[torch.Tensor, "classes"], *, without: int | None
) -> Float[torch.Tensor, ""]:
    """Sum over the classes except `without`."""
    if without is None:
        return classes.sum()
    # Not `sum() - classes[without]`: the excluded class may be -inf, and -inf - -inf is NaN.
    return classes[:without].sum() + classes[without + 1 :].sum()
