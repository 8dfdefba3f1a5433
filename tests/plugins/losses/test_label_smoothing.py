"""Held against torch and explicit soft targets: 15.10486, 15.10158 and 15.12149."""

from __future__ import annotations

import math
from typing import Literal, get_args

import numpy as np
import pytest
import torch
from pydantic import TypeAdapter, ValidationError
from torch import Tensor
from torch.nn import functional

from harness.contracts import Setting
from harness_losses.cross_entropy import CrossEntropy
from harness_losses.label_smoothing import LabelSmoothing

Convention = Literal["all", "others", "others_without_pad"]
CONVENTIONS: tuple[Convention, ...] = get_args(Convention)
EPSILON = 0.1


def setting(*, classes: int = 11, pad: int = 0) -> Setting:
    return Setting(seed=1, classes=classes, d_model=8, updates=10, pad=pad)


def logits_and_targets(*, classes: int = 11, pad: int = 0) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(5)
    logits = 3 * torch.randn(9, classes, generator=generator, dtype=torch.float64)
    targets = torch.randint(classes - 1, (9,), generator=generator)
    return logits.requires_grad_(), targets + (targets >= pad)


def soft_targets(
    targets: Tensor, convention: Convention, *, classes: int, pad: int, epsilon: float = EPSILON
) -> Tensor:
    """The target distributions of the docstring's table."""
    rest, gold, at_pad = {
        "all": (epsilon / classes, 1 - epsilon + epsilon / classes, epsilon / classes),
        "others": (epsilon / (classes - 1), 1 - epsilon, epsilon / (classes - 1)),
        "others_without_pad": (epsilon / (classes - 2), 1 - epsilon, 0.0),
    }[convention]
    table = np.full((len(targets), classes), rest)
    for row, target in enumerate(targets.tolist()):
        table[row, pad] = at_pad
        table[row, target] = gold
    return torch.from_numpy(table)


def entropy(*, classes: int, epsilon: float = EPSILON) -> float:
    """The entropy of a target that spreads epsilon over K - 2 classes."""
    kept = 1 - epsilon
    return -(kept * math.log(kept) + epsilon * math.log(epsilon / (classes - 2)))


@pytest.mark.parametrize("convention", CONVENTIONS)
@pytest.mark.parametrize(("classes", "pad"), [(11, 0), (11, 3), (7, 6)])
def test_value_and_gradient_equal_those_with_soft_targets(
    convention: Convention, classes: int, pad: int
) -> None:
    logits, targets = logits_and_targets(classes=classes, pad=pad)
    soft = soft_targets(targets, convention, classes=classes, pad=pad)
    torch.testing.assert_close(soft.sum(1), torch.ones(9, dtype=torch.float64))
    oracle = functional.cross_entropy(logits, soft, reduction="sum")
    loss = LabelSmoothing(smoothing=EPSILON, convention=convention).build(
        setting(classes=classes, pad=pad)
    )(logits, targets)
    (ours,) = torch.autograd.grad(loss, logits)
    torch.testing.assert_close(loss, oracle, rtol=1e-14, atol=0)
    torch.testing.assert_close(ours, logits.softmax(1).detach() - soft, rtol=0, atol=1e-14)


@pytest.mark.parametrize("epsilon", [0.01, 0.1, 0.5, 0.9])
def test_all_equals_label_smoothing_in_torch_and_others_equals_it_at_k_over_k_minus_1(
    epsilon: float,
) -> None:
    logits, targets = logits_and_targets()
    torch_at: dict[Convention, float] = {"all": epsilon, "others": epsilon * 11 / 10}
    for convention, label_smoothing in torch_at.items():
        oracle = functional.cross_entropy(
            logits, targets, reduction="sum", label_smoothing=label_smoothing
        )
        smoothing = LabelSmoothing(smoothing=epsilon, convention=convention)
        loss = smoothing.build(setting())(logits, targets)
        torch.testing.assert_close(loss, oracle, rtol=1e-14, atol=0)


def test_the_three_conventions_equal_the_reference() -> None:
    torch.manual_seed(0)
    logits = torch.randn(7, 11, dtype=torch.float64)
    targets = torch.tensor([1, 2, 3, 0, 5, 10, 0])
    real = targets != 0
    losses = {
        convention: LabelSmoothing(smoothing=0.1, convention=convention)
        .build(setting())(logits[real], targets[real])
        .item()
        for convention in CONVENTIONS
    }
    assert losses == {
        "all": pytest.approx(15.10486, abs=5e-6),
        "others": pytest.approx(15.10158, abs=5e-6),
        "others_without_pad": pytest.approx(15.12149, abs=5e-6),
    }
    divergence = losses["others_without_pad"] - 5 * entropy(classes=11)
    assert divergence == pytest.approx(12.39746, abs=5e-6)  # what the Annotated Transformer prints


def test_it_equals_the_kl_divergence_plus_the_entropy_of_the_target() -> None:
    logits, targets = logits_and_targets()
    soft = soft_targets(targets, "others_without_pad", classes=11, pad=0)
    divergence = functional.kl_div(logits.log_softmax(1), soft, reduction="sum")
    loss = LabelSmoothing(convention="others_without_pad").build(setting())(logits, targets)
    torch.testing.assert_close(loss, divergence + 9 * entropy(classes=11), rtol=1e-14, atol=0)


def penalty(x: int) -> float:
    """The KL divergence at gold probability x / (x + 3), where pad is impossible."""
    probabilities = torch.tensor([[0.0, x, 1, 1, 1]], dtype=torch.float64) / (x + 3)
    loss = LabelSmoothing(convention="others_without_pad").build(setting(classes=5))
    return loss(probabilities.log(), torch.tensor([1])).item() - entropy(classes=5)


def test_confidence_is_penalized_above_x_27_where_the_penalty_is_0() -> None:
    curve = {x: penalty(x) for x in range(1, 100)}
    assert min(curve, key=lambda x: curve[x]) == 27
    assert curve[27] == pytest.approx(0, abs=1e-15)
    assert curve[1] == pytest.approx(0.95135, abs=5e-6)
    assert curve[99] == pytest.approx(0.05442, abs=5e-6)


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_the_gradient_is_that_of_finite_differences(convention: Convention) -> None:
    logits, targets = logits_and_targets()
    loss = LabelSmoothing(smoothing=0.3, convention=convention).build(setting())
    assert torch.autograd.gradcheck(lambda at: loss(at, targets), (logits,), rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_without_smoothing_it_equals_cross_entropy_bit_for_bit(convention: Convention) -> None:
    logits, targets = logits_and_targets()
    plain = CrossEntropy().build(setting())(logits, targets)
    loss = LabelSmoothing(smoothing=0.0, convention=convention).build(setting())(logits, targets)
    assert torch.equal(loss, plain)
    gradients = [torch.autograd.grad(value, logits)[0] for value in (loss, plain)]
    assert torch.equal(*gradients)


@pytest.mark.parametrize("pad", [0, 4, 10])
def test_an_impossible_pad_is_harmless_if_pad_has_no_share(pad: int) -> None:
    logits, targets = logits_and_targets(pad=pad)
    impossible = logits.detach().clone()
    impossible[:, pad] = -math.inf
    impossible.requires_grad_()
    loss = LabelSmoothing(convention="others_without_pad").build(setting(pad=pad))
    value = loss(impossible, targets)
    (gradient,) = torch.autograd.grad(value, impossible)

    possible = [column for column in range(11) if column != pad]
    without_pad = functional.cross_entropy(
        logits[:, possible],
        soft_targets(targets, "others_without_pad", classes=11, pad=pad)[:, possible],
        reduction="sum",
    )
    torch.testing.assert_close(value, without_pad, rtol=1e-14, atol=0)
    assert gradient.isfinite().all()
    assert gradient[:, pad].eq(0).all()


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_extreme_logits_give_a_finite_loss_and_gradient(convention: Convention) -> None:
    logits = torch.full((2, 11), -1e4)
    logits[0, 4] = logits[1, 6] = 1e4  # one right, one wrong beyond all doubt
    logits.requires_grad_()
    loss = LabelSmoothing(convention=convention).build(setting())(logits, torch.tensor([4, 5]))
    loss.backward()
    assert loss.isfinite()
    assert logits.grad is not None
    assert logits.grad.isfinite().all()


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_it_is_a_sum_over_tokens(convention: Convention) -> None:
    logits, targets = logits_and_targets()
    loss = LabelSmoothing(convention=convention).build(setting())
    apart = sum(loss(logits[row : row + 1], targets[row : row + 1]) for row in range(9))
    torch.testing.assert_close(loss(logits, targets), apart, rtol=1e-14, atol=0)
    assert loss(logits[:0], targets[:0]) == 0


@pytest.mark.parametrize("options", ['{"smoothing": 1.0}', '{"convention": "k"}', '{"eps": 0.1}'])
def test_options_out_of_range_are_refused(options: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(LabelSmoothing).validate_json(options)
