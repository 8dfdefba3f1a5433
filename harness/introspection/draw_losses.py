"""Target distributions of losses, and the loss as a function of the model's confidence."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import torch
from jaxtyping import Float

from harness.components import Loss
from harness.contracts import PAD, SPECIAL_TOKENS, Setting
from harness.errors import HarnessError
from harness.introspection.draw_curves import Curve, draw_curves, mark_lowest
from harness.introspection.heatmap import Map, Shades, draw_maps

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PENALIZED = 5  # classes of the penalization curve
_GOLD = 1  # the correct one


def loss_targets(loss: Loss, *, classes: int) -> Float[torch.Tensor, "golds classes"]:
    """The target distribution q of a loss, for every gold class but pad.

    The gradient of a cross-entropy, or of a KL divergence, in the logits z is softmax(z) - q, so q
    follows from the loss's own gradient at any z. Raises `HarnessError` for a loss without such a
    q, for which different z give different results.
    """
    flat = torch.zeros(classes, dtype=torch.float64)
    at_flat = _targets_at(loss, logits=flat)
    # Any second place will do: a q that depends on the logits is no target distribution.
    at_ramp = _targets_at(loss, logits=flat + torch.arange(classes) / classes)
    if not torch.allclose(at_flat, at_ramp):
        raise HarnessError(
            f"{loss.name} has no target distribution: its gradient is not softmax minus a constant"
        )
    return at_flat


def _targets_at(
    loss: Loss, *, logits: Float[torch.Tensor, "classes"]
) -> Float[torch.Tensor, "golds classes"]:
    classes = len(logits)
    golds = torch.tensor([gold for gold in range(classes) if gold != PAD])
    rows = logits.repeat(len(golds), 1).requires_grad_()
    loss.build(_setting(classes))(rows, golds).backward()
    assert rows.grad is not None, "a loss depends on the logits"
    return (rows.softmax(-1) - rows.grad).detach()


def penalization(loss: Loss, *, odds: Sequence[int]) -> list[float]:
    """A loss, in nats, if five classes have the probabilities (0, x, 1, 1, 1) / (x + 3).

    The first is pad, the second gold; x is each of `odds`. Infinite if the loss's target for pad is
    not 0.
    """
    measure = loss.build(_setting(PENALIZED))
    shares = [[0.0, float(x), 1.0, 1.0, 1.0] for x in odds]
    rows = torch.tensor(shares, dtype=torch.float64)
    logits = (rows / rows.sum(-1, keepdim=True)).log()
    gold = torch.tensor([_GOLD])
    return [float(measure(row[None], gold)) for row in logits]


def _setting(classes: int) -> Setting:
    return Setting(seed=0, classes=classes, d_model=1, updates=1)


def draw_targets(losses: Mapping[str, Loss], *, classes: int) -> Figure:
    """A map for each loss, by its name, with a row for each possible gold class."""
    columns = [SPECIAL_TOKENS[PAD] if token == PAD else str(token) for token in range(classes)]
    maps = [
        Map(
            title=name,
            rows=[column for token, column in enumerate(columns) if token != PAD],
            columns=columns,
            values=loss_targets(loss, classes=classes).tolist(),
            row_label="gold class",
            column_label="class",
        )
        for name, loss in losses.items()
    ]
    return draw_maps(
        maps,
        shades=Shades(darkest=1.0, form=".3f"),
        title="Target probability of each class, read from the loss's gradient",
        columns=min(len(maps), 3),
        cell=(0.5, 0.36),
    )


def draw_penalization(losses: Mapping[str, Loss], *, highest: int) -> Figure:
    """A curve for each loss, by its name, for x from 1 to `highest`; its minimum is marked."""
    odds = range(1, highest + 1)
    curves = [Curve(name, odds, penalization(loss, odds=odds)) for name, loss in losses.items()]
    for curve in curves:
        if not all(map(math.isfinite, curve.y)):
            raise HarnessError(
                f"{curve.name} is infinite at every x: its target for pad is above 0, and here pad "
                "has probability 0; use a convention without pad"
            )
    drawn = draw_curves(
        curves,
        title="Loss against confidence: p = (0, x, 1, 1, 1) / (x + 3)",
        x="x; gold has probability x / (x + 3)",
        y="loss, nats",
    )
    for curve in curves:
        mark_lowest(drawn.axes[0], curve=curve)
    return drawn
