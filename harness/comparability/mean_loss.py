"""Losses that are means where their contract asks for sums: they would train at another rate."""

from __future__ import annotations

from harness.components import Loss
from harness.contracts import LossFunction, Setting
from harness.errors import ComponentError
from harness.registry.attribution import refuse

_TOKENS = 8
_NEARLY_EQUAL = 1e-3  # relative, as a mean over twice the tokens is summed in another order


def refuse_mean(loss: LossFunction, *, of: Loss, setting: Setting) -> None:
    """Raise `ComponentError` for a loss that is the same where every token is there twice.

    A loss that raises on invented logits is left to its runs.
    """
    import torch

    generator = torch.Generator().manual_seed(0)
    logits = torch.randn((_TOKENS, setting.classes), generator=generator)
    # Real tokens, as a loss never sees padding.
    targets = torch.randint(setting.eos, setting.classes, (_TOKENS,), generator=generator)
    try:
        once = float(loss(logits, targets))
        twice = float(loss(torch.cat([logits, logits]), torch.cat([targets, targets])))
    except ComponentError:
        return
    if once and abs(twice - once) <= _NEARLY_EQUAL * abs(once):
        refuse(
            "gives a mean, not a sum: every token twice leaves it as it is; return the sum over"
            " tokens, which is divided by the tokens of the whole update",
            of=of,
        )
