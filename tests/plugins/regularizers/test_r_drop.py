"""Held against torch's two divergences, and a loss of two passes by hand."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from support.tiny_experiment import experiment

from harness.contracts import Prediction, Setting
from harness.streams import Noise
from harness.training.assembly import assemble
from harness.training.loop import train
from harness_losses.cross_entropy import CrossEntropy
from harness_regularizers import Dropout, RDrop
from harness_regularizers.symmetric_divergence import symmetric_divergence

SETTING = Setting(seed=1, classes=7, d_model=2, updates=5)


def _predictions(count: int, *, seed: int = 1, size: float = 3.0) -> list[Prediction]:
    generator = torch.Generator().manual_seed(seed)
    targets = torch.randint(7, (5,), generator=generator)
    return [
        Prediction(
            logits=(size * torch.randn(5, 7, generator=generator).double()).requires_grad_(),
            targets=targets,
            hidden=torch.zeros(5, 2),
        )
        for _ in range(count)
    ]


def _penalty(alpha: float, predictions: list[Prediction]) -> torch.Tensor:
    penalty = RDrop(alpha=alpha).build(SETTING).penalty
    assert penalty is not None
    return penalty(predictions)


def _symmetric_divergence(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    p, q = one.log_softmax(-1), other.log_softmax(-1)
    both = [
        torch.nn.functional.kl_div(a, b, reduction="sum", log_target=True)
        for a, b in ((p, q), (q, p))
    ]
    return torch.stack(both).mean()


@given(st.integers(0, 1000), st.floats(0.1, 20), st.floats(0.1, 10))
def test_the_penalty_is_a_quarter_of_both_divergences_in_torch(
    seed: int, size: float, alpha: float
) -> None:
    predictions = _predictions(2, seed=seed, size=size)
    expected = alpha / 2 * _symmetric_divergence(*(prediction.logits for prediction in predictions))
    torch.testing.assert_close(_penalty(alpha, predictions), expected, rtol=1e-10, atol=1e-12)


def test_gradients_flow_through_both_passes() -> None:
    logits = [prediction.logits for prediction in _predictions(2)]
    ours = torch.autograd.grad(_penalty(10.0, _predictions_of(logits)), logits)
    theirs = torch.autograd.grad(5 * _symmetric_divergence(*logits), logits)
    for our, their in zip(ours, theirs, strict=True):
        torch.testing.assert_close(our, their, rtol=1e-10, atol=1e-12)
        assert our.abs().max() > 0.1


def _predictions_of(passes: list[torch.Tensor]) -> list[Prediction]:
    return [Prediction(logits, torch.zeros(5).long(), torch.zeros(5, 2)) for logits in passes]


def test_the_penalty_of_three_passes_is_averaged_over_pairs() -> None:
    predictions = _predictions(3)
    one, two, three = (prediction.logits for prediction in predictions)
    expected = (
        _symmetric_divergence(one, two)
        + _symmetric_divergence(one, three)
        + _symmetric_divergence(two, three)
    ) / 3
    torch.testing.assert_close(_penalty(2.0, predictions), expected)


def test_the_penalty_of_equal_passes_is_exactly_0() -> None:
    prediction = _predictions(1, size=30.0)[0]
    assert _penalty(5.0, [prediction, prediction]).item() == 0.0


def _losses(**regularizers: object) -> list[float]:
    parts = assemble(experiment(regularizers=regularizers, loss=CrossEntropy()), seed=1)
    measured = [measurement for update in train(parts) for measurement in update.measurements]
    return [measurement.value for measurement in measured if measurement.metric == "loss"]


def test_without_dropout_r_drop_does_not_change_training() -> None:
    assert _losses(r_drop=RDrop()) == pytest.approx(_losses(), rel=1e-6)


def test_with_dropout_the_first_loss_equals_two_passes_by_hand() -> None:
    parts = assemble(
        experiment(regularizers={"dropout": Dropout(rate=0.3)}, loss=CrossEntropy()), seed=1
    )
    batch = parts.task.train.batch(next(parts.order.batches()), device="cpu")
    noise = Noise(seed=1, update=1)
    one, two = (
        parts.predict(parts.model, batch, update=1, noise=pass_noise)
        for pass_noise in (noise, noise.of_pass("pass 1"))
    )
    both = parts.loss(one.logits, one.targets) + parts.loss(two.logits, two.targets)
    divergence = _symmetric_divergence(one.logits, two.logits)
    assert divergence > 0
    # The paper's equation 4, with alpha / 2 times the sum of two divergences, and alpha 5.
    paper = both + 5 / 2 * (2 * divergence)
    expected = paper / 2 / batch.tokens
    measured = _losses(dropout=Dropout(rate=0.3), r_drop=RDrop())
    assert measured[0] == pytest.approx(expected.item(), rel=1e-5)


@pytest.mark.parametrize("classes", [7, 300, 70_000])
def test_blocks_of_rows_change_no_bit_of_value_and_gradients(classes: int) -> None:
    generator = torch.Generator().manual_seed(5)
    rows = 3 if classes > 2**16 else 500  # several blocks, the last one shorter
    passes = [3 * torch.randn(rows, classes, generator=generator) for _ in range(2)]
    p, q = (logits.log_softmax(-1).requires_grad_() for logits in passes)
    ours = symmetric_divergence(p, q=q)
    theirs = ((p.exp() - q.exp()) * (p - q)).sum() / 2
    assert torch.equal(ours, theirs)
    pairs = (torch.autograd.grad(0.3 * value, (p, q)) for value in (ours, theirs))
    for our, their in zip(*pairs, strict=True):
        assert torch.equal(our, their)
