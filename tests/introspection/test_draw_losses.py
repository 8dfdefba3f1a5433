from __future__ import annotations

import math
from dataclasses import dataclass

import pytest
import torch

from harness import contracts
from harness.components import Loss
from harness.contracts import Setting
from harness.errors import HarnessError
from harness.introspection.draw_losses import (
    draw_penalization,
    draw_targets,
    loss_targets,
    penalization,
)
from harness.report.style import style
from harness_losses.cross_entropy import CrossEntropy
from harness_losses.kl_divergence import KLDivergence
from harness_losses.label_smoothing import LabelSmoothing

K, E = 7, 0.3


@pytest.mark.parametrize(
    ("convention", "gold", "rest", "pad"),
    [
        ("all", 1 - E + E / K, E / K, E / K),
        ("others", 1 - E, E / (K - 1), E / (K - 1)),
        ("others_without_pad", 1 - E, E / (K - 2), 0.0),
    ],
)
@pytest.mark.parametrize("kind", [LabelSmoothing, KLDivergence])
def test_targets_are_those_of_the_convention(
    kind: type[LabelSmoothing | KLDivergence],
    convention: str,
    gold: float,
    rest: float,
    pad: float,
) -> None:
    actual = loss_targets(kind(smoothing=E, convention=convention), classes=K)  # type: ignore[arg-type]  # the convention is a Literal
    expected = torch.full((K - 1, K), rest, dtype=torch.float64)
    expected[:, 0] = pad
    expected[range(K - 1), range(1, K)] = gold
    torch.testing.assert_close(actual, expected, rtol=0, atol=1e-12)


def test_the_target_of_cross_entropy_is_gold_alone() -> None:
    expected = torch.eye(4, dtype=torch.float64)[1:]
    torch.testing.assert_close(loss_targets(CrossEntropy(), classes=4), expected)


@dataclass(frozen=True, kw_only=True)
class Focal(Loss):
    """A loss whose gradient depends on more than p - q."""

    name = "focal"

    def build(self, setting: Setting) -> contracts.LossFunction:
        def loss(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
            nats = torch.nn.functional.cross_entropy(logits, targets, reduction="none")
            return ((1 - torch.exp(-nats)) ** 2 * nats).sum()

        return loss


def test_a_loss_without_fixed_targets_is_refused() -> None:
    with pytest.raises(HarnessError, match="focal has no target distribution"):
        loss_targets(Focal(), classes=5)


def test_confidence_costs_nothing_at_27_to_3_and_more_on_either_side() -> None:
    """At 27 / 30 = 1 - 0.1 and 1 / 30 = 0.1 / 3 the model is as confident as its targets."""
    odds = range(1, 101)
    losses = penalization(KLDivergence(smoothing=0.1), odds=odds)
    assert losses[0] == pytest.approx(0.95135, abs=5e-6)
    assert losses[26] == pytest.approx(0.0, abs=1e-15)
    assert losses[98] == pytest.approx(0.05442, abs=5e-6)
    assert min(range(100), key=losses.__getitem__) == 26
    assert all(math.isfinite(loss) for loss in losses)


def test_the_curve_is_the_divergence_written_out() -> None:
    def divergence(x: int) -> float:
        p, q = (x / (x + 3), 1 / (x + 3)), (0.9, 0.1 / 3)
        return q[0] * math.log(q[0] / p[0]) + 3 * q[1] * math.log(q[1] / p[1])

    odds = [1, 5, 26, 28, 70]
    losses = penalization(KLDivergence(smoothing=0.1), odds=odds)
    assert losses == pytest.approx([divergence(x) for x in odds], rel=1e-9)


def test_without_smoothing_more_confidence_always_costs_less() -> None:
    losses = penalization(CrossEntropy(), odds=range(1, 101))
    assert losses == pytest.approx([math.log((x + 3) / x) for x in range(1, 101)])


def test_the_minimum_is_marked_in_the_drawing() -> None:
    with style("penalization"):
        drawn = draw_penalization({"kl": KLDivergence(), "ce": CrossEntropy()}, highest=60)
    (axes,) = drawn.axes
    assert [text.get_text() for text in axes.texts] == ["lowest at x = 27: 0"]
    assert axes.get_ylabel() == "loss, nats"


def test_a_loss_that_is_infinite_throughout_is_refused() -> None:
    with pytest.raises(HarnessError, match="smoothed is infinite at every x"):
        draw_penalization({"smoothed": LabelSmoothing(convention="all")}, highest=5)


def test_a_drawing_of_targets_has_a_map_per_loss() -> None:
    with style("targets"):
        drawn = draw_targets({"one": CrossEntropy(), "two": LabelSmoothing()}, classes=5)
    assert [axes.get_title() for axes in drawn.axes] == ["one", "two"]
    labels = [text.get_text() for text in drawn.axes[0].get_xticklabels()]
    assert labels == ["<pad>", "1", "2", "3", "4"]
    assert [text.get_text() for text in drawn.axes[0].texts][:5] == [
        "0.000",
        "1.000",
        "0.000",
        "0.000",
        "0.000",
    ]
