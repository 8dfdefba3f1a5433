"""Held against torch.nn.KLDivLoss as used in the article: 12.39746, and a minimum at 27."""

from __future__ import annotations

import math
from typing import Literal, get_args

import pytest
import torch
from pydantic import TypeAdapter, ValidationError
from support.tiny_experiment import experiment, weights
from torch import Tensor
from torch.nn import functional

from harness.contracts import Setting
from harness.training.assembly import assemble
from harness.training.loop import train
from harness_losses.cross_entropy import CrossEntropy
from harness_losses.kl_divergence import KLDivergence
from harness_losses.label_smoothing import LabelSmoothing

Convention = Literal["all", "others", "others_without_pad"]
CONVENTIONS: tuple[Convention, ...] = get_args(Convention)


def setting(*, classes: int = 11, pad: int = 0) -> Setting:
    return Setting(seed=1, classes=classes, d_model=8, updates=10, pad=pad)


def logits_and_targets(*, classes: int = 11) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(5)
    logits = 3 * torch.randn(9, classes, generator=generator, dtype=torch.float64)
    targets = 1 + torch.randint(classes - 1, (9,), generator=generator)
    return logits.requires_grad_(), targets


def annotated_transformer_loss(logits: Tensor, targets: Tensor, *, epsilon: float) -> Tensor:
    """KLDivLoss of log-probabilities from a table: e / (K - 2), gold 1 - e, the pad column 0."""
    classes = logits.shape[1]
    table = torch.full((len(targets), classes), epsilon / (classes - 2), dtype=logits.dtype)
    table.scatter_(1, targets[:, None], 1 - epsilon)
    table[:, 0] = 0
    return torch.nn.KLDivLoss(reduction="sum")(logits.log_softmax(1), table)


@pytest.mark.parametrize("epsilon", [0.0, 0.1, 0.4])
def test_value_and_gradient_equal_those_of_the_annotated_transformer(epsilon: float) -> None:
    logits, targets = logits_and_targets()
    ours = KLDivergence(smoothing=epsilon).build(setting())(logits, targets)
    theirs = annotated_transformer_loss(logits, targets, epsilon=epsilon)
    torch.testing.assert_close(ours, theirs, rtol=1e-13, atol=0)
    gradients = [torch.autograd.grad(loss, logits)[0] for loss in (ours, theirs)]
    torch.testing.assert_close(*gradients, rtol=0, atol=1e-14)


def test_value_equals_the_reference() -> None:
    torch.manual_seed(0)
    logits = torch.randn(7, 11, dtype=torch.float64)
    targets = torch.tensor([1, 2, 3, 0, 5, 10, 0])
    real = targets != 0
    loss = KLDivergence().build(setting())(logits[real], targets[real])
    assert loss.item() == pytest.approx(12.39746, abs=5e-6)


@pytest.mark.parametrize("convention", CONVENTIONS)
@pytest.mark.parametrize("epsilon", [0.0, 0.1, 0.7])
def test_it_differs_from_label_smoothing_by_a_constant_with_the_same_gradient(
    convention: Convention, epsilon: float
) -> None:
    logits, targets = logits_and_targets()
    choices = (
        KLDivergence(smoothing=epsilon, convention=convention),
        LabelSmoothing(smoothing=epsilon, convention=convention),
    )
    losses = [choice.build(setting())(logits, targets) for choice in choices]
    gradients = [torch.autograd.grad(loss, logits)[0] for loss in losses]
    assert torch.equal(*gradients)
    others = [choice.build(setting())(2 * logits, targets) for choice in choices]
    gap, other_gap = (one - other for one, other in (losses, others))
    torch.testing.assert_close(gap, other_gap, rtol=1e-12, atol=1e-12)
    assert (gap < 0) == (epsilon > 0)


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_the_minimum_is_0_if_the_model_predicts_the_targets(
    convention: Convention,
) -> None:
    """Also an oracle for the entropy of each convention, without a table."""
    share = {"all": 0.1 / 7, "others": 0.1 / 6, "others_without_pad": 0.1 / 5}[convention]
    q = torch.full((1, 7), share, dtype=torch.float64)
    q[0, 4] = 0.9 + (share if convention == "all" else 0)
    q[0, 0] = 0 if convention == "others_without_pad" else share
    assert q.sum().item() == pytest.approx(1)
    loss = KLDivergence(convention=convention).build(setting(classes=7))
    target = torch.tensor([4])
    assert loss(q.log(), target).item() == pytest.approx(0, abs=1e-15)
    surer = q.clone()
    surer[0, 4] *= 2
    assert loss(surer.log(), target).item() > 1e-3


def penalty(x: int) -> float:
    """At gold probability x / (x + 3), where pad is impossible: the article's own code says NaN."""
    probabilities = torch.tensor([[0.0, x, 1, 1, 1]], dtype=torch.float64) / (x + 3)
    loss = KLDivergence().build(setting(classes=5))
    return loss(probabilities.log(), torch.tensor([1])).item()


def test_confidence_is_penalized_above_x_27_where_the_penalty_is_0() -> None:
    curve = {x: penalty(x) for x in range(1, 100)}
    assert min(curve, key=lambda x: curve[x]) == 27
    assert curve[27] == pytest.approx(0, abs=1e-15)
    assert curve[1] == pytest.approx(0.95135, abs=5e-6)
    assert curve[99] == pytest.approx(0.05442, abs=5e-6)


def test_without_smoothing_it_equals_cross_entropy_bit_for_bit() -> None:
    logits, targets = logits_and_targets()
    ours = KLDivergence(smoothing=0.0).build(setting())(logits, targets)
    assert torch.equal(ours, CrossEntropy().build(setting())(logits, targets))
    assert torch.equal(ours, functional.cross_entropy(logits, targets, reduction="sum"))


def test_training_equals_training_with_label_smoothing_bit_for_bit() -> None:
    convention: Convention = "others_without_pad"
    runs = [
        assemble(experiment(loss=loss), seed=1)
        for loss in (KLDivergence(), LabelSmoothing(convention=convention))
    ]
    first, second = (list(train(run)) for run in runs)
    one, other = (weights(run) for run in runs)
    assert all(torch.equal(one[name], other[name]) for name in one)
    classes = runs[0].setting.classes
    entropy = -(0.9 * math.log(0.9) + 0.1 * math.log(0.1 / (classes - 2)))
    for ours, theirs in zip(first[1:], second[1:], strict=True):
        gap = theirs.measurements[0].value - ours.measurements[0].value
        assert gap == pytest.approx(entropy, abs=1e-5)


@pytest.mark.parametrize("options", ['{"smoothing": 1.0}', '{"convention": "k"}', '{"eps": 0.1}'])
def test_options_out_of_range_are_refused(options: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(KLDivergence).validate_json(options)
