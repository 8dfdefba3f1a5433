"""What losses pull toward, and what they charge for being sure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import torch
from jaxtyping import Float

from harness.components import Loss
from harness.contracts import PAD, SPECIAL_TOKENS, Setting
from harness.errors import HarnessError
from harness.inspection.draw_curves import Curve, draw_curves, mark_lowest
from harness.inspection.heatmap import Map, Shades, draw_maps

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PENALIZED = 5  # classes of the penalization curve
_GOLD = 1  # which of them is right


def targets(loss: Loss, *, classes: int) -> Float[torch.Tensor, "golds classes"]:
    """The distribution that a loss pulls the model toward, for every gold class but pad.

    The gradient of a cross-entropy, or of a KL divergence, is softmax(z) - q in the logits z: so q
    is read from the loss's own gradient, wherever z is. Raises `HarnessError` for a loss that has
    no such q, whose gradient says something else at another z.
    """
    flat = torch.zeros(classes, dtype=torch.float64)
    found = _pulls(loss, logits=flat)
    if not torch.allclose(found, _pulls(loss, logits=flat + torch.arange(classes) / classes)):
        raise HarnessError(
            f"{loss.name} has no target distribution: what it pulls toward depends on the model"
        )
    return found


def _pulls(
    loss: Loss, *, logits: Float[torch.Tensor, "classes"]
) -> Float[torch.Tensor, "golds classes"]:
    classes = len(logits)
    golds = torch.tensor([gold for gold in range(classes) if gold != PAD])
    rows = logits.repeat(len(golds), 1).requires_grad_()
    loss.build(_setting(classes))(rows, golds).backward()
    assert rows.grad is not None, "a loss depends on the logits"
    return (rows.softmax(-1) - rows.grad).detach()


def penalization(loss: Loss, *, odds: Sequence[int]) -> list[float]:
    """A loss, in nats, where five classes are as probable as (0, x, 1, 1, 1) / (x + 3).

    The first is pad, the second gold; x is each of `odds`. Infinite where a loss gives pad a share.
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
    """A map for each loss, by its name: a row for each class that may be gold."""
    columns = [SPECIAL_TOKENS[PAD] if each == PAD else str(each) for each in range(classes)]
    maps = [
        Map(
            title=name,
            rows=[column for each, column in enumerate(columns) if each != PAD],
            columns=columns,
            values=targets(loss, classes=classes).tolist(),
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
    """A curve for each loss, by its name, for x from 1 to `highest`; its lowest place is marked."""
    odds = range(1, highest + 1)
    curves = [Curve(name, odds, penalization(loss, odds=odds)) for name, loss in losses.items()]
    for curve in curves:
        if not all(map(math.isfinite, curve.y)):
            raise HarnessError(
                f"{curve.name} is infinite at every x: it gives pad a share, and here pad has "
                "probability 0; take a convention without pad"
            )
    drawn = draw_curves(
        curves,
        title="What a loss charges for being sure: p = (0, x, 1, 1, 1) / (x + 3)",
        x="x; gold has probability x / (x + 3)",
        y="loss, nats",
    )
    for curve in curves:
        mark_lowest(drawn.axes[0], curve=curve)
    return drawn
