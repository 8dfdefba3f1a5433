"""Held against the sum of logarithms by hand, and ln K for equal logits."""

from __future__ import annotations

import math

import torch

from harness.contracts import Setting
from harness_losses.cross_entropy import CrossEntropy

SETTING = Setting(seed=1, classes=11, d_model=8, updates=10)


def test_it_is_the_sum_of_log_probabilities_of_the_targets() -> None:
    torch.manual_seed(0)
    logits = torch.randn(6, 11, dtype=torch.float64)
    targets = [4, 1, 10, 4, 7, 2]
    by_hand = -sum(
        math.log(row.exp()[target] / row.exp().sum())
        for row, target in zip(logits, targets, strict=True)
    )
    loss = CrossEntropy().build(SETTING)(logits, torch.tensor(targets))
    assert abs(loss.item() - by_hand) < 1e-13


def test_equal_logits_cost_ln_k_per_token() -> None:
    loss = CrossEntropy().build(SETTING)(
        torch.zeros(5, 11, dtype=torch.float64), torch.arange(1, 6)
    )
    assert abs(loss.item() - 5 * math.log(11)) < 1e-14


def test_an_impossible_class_is_harmless() -> None:
    logits = torch.zeros(2, 11, dtype=torch.float64).index_fill(1, torch.tensor([0]), -math.inf)
    logits.requires_grad_()
    loss = CrossEntropy().build(SETTING)(logits, torch.tensor([4, 5]))
    loss.backward()
    assert abs(loss.item() - 2 * math.log(10)) < 1e-14
    assert logits.grad is not None
    assert logits.grad.isfinite().all()
