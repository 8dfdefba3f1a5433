"""Held against the formulas of fairseq and Hugging Face: peaks 6.98771e-4 and 1.1049e-3."""

from __future__ import annotations

from statistics import fmean

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from harness.contracts import Rate, Setting
from harness_schedules.noam import Noam


def noam(*, d_model: int, warmup: int, factor: float = 1.0) -> Rate:
    setting = Setting(seed=1, classes=11, d_model=d_model, updates=300)
    return Noam(warmup=warmup, factor=factor).build(setting)


def test_rates_of_the_base_model_equal_the_paper() -> None:
    rate = noam(d_model=512, warmup=4000)
    assert rate(1) == pytest.approx(1.747e-7, rel=2e-4)
    assert rate(2) == pytest.approx(3.494e-7, rel=2e-4)
    assert rate(4000) == pytest.approx(6.98771e-4, rel=1e-6)


def test_the_copy_task_has_half_the_peak_of_noam() -> None:
    """The Annotated Transformer multiplies a base rate of 0.5 in, with a warmup of 400."""
    rate = noam(d_model=512, warmup=400, factor=0.5)
    assert max(map(rate, range(1, 1000))) == pytest.approx(1.1049e-3, rel=5e-5)
    late = Noam(warmup=4000, late=True).build(Setting(seed=1, classes=11, d_model=512, updates=300))
    first = [late(update) for update in (1, 2, 3)]
    assert first == pytest.approx([1.747e-7, 1.747e-7, 3.494e-7], rel=2e-4)


def test_the_defaults_are_those_of_the_paper() -> None:
    assert Noam() == Noam(warmup=4000, factor=1.0, late=False)


@pytest.mark.parametrize(
    ("d_model", "warmup", "updates", "peak", "mean"),
    [(96, 150, 400, 8.3e-3, 5.5e-3), (64, 100, 300, 1.25e-2, 8.2e-3)],
)
def test_peak_and_mean_of_small_budgets(
    d_model: int, warmup: int, updates: int, peak: float, mean: float
) -> None:
    rate = noam(d_model=d_model, warmup=warmup)
    rates = [rate(update) for update in range(1, updates + 1)]
    assert max(rates) == pytest.approx(peak, rel=0.01)
    assert fmean(rates) == pytest.approx(mean, rel=0.01)


@given(st.integers(1, 2000), st.integers(1, 500), st.integers(1, 500), st.floats(0.01, 10))
def test_it_equals_warmup_and_inverse_square_root_with_the_same_peak(
    d_model: int, warmup: int, update: int, factor: float
) -> None:
    """fairseq's inverse_sqrt from 0, and Hugging Face's with a time scale of `warmup`."""
    peak = factor * (d_model * warmup) ** -0.5
    fairseq = update * peak / warmup if update < warmup else peak * warmup**0.5 * update**-0.5
    hugging_face = peak * (update / warmup if update < warmup else (warmup / update) ** 0.5)
    rate = noam(d_model=d_model, warmup=warmup, factor=factor)(update)
    assert rate == pytest.approx(fairseq, rel=1e-12)
    assert rate == pytest.approx(hugging_face, rel=1e-12)


def test_lambda_lr_of_torch_lags_one_update() -> None:
    """The Annotated Transformer's loop: update n at the rate of n - 1, the first at that of 1."""
    rate = noam(d_model=512, warmup=3)
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: rate(max(step, 1)))
    used = []
    for _ in range(6):
        used.append(schedule.get_last_lr()[0])
        optimizer.step()
        schedule.step()
    assert used == [rate(update) for update in (1, 1, 2, 3, 4, 5)]
    assert max(used) == rate(3) == used[3]
    late = Noam(warmup=3, late=True).build(Setting(seed=1, classes=11, d_model=512, updates=6))
    assert used == [late(update) for update in range(1, 7)]


def test_the_peak_is_at_the_end_of_the_warmup() -> None:
    rate = noam(d_model=64, warmup=100)
    assert max(range(1, 301), key=rate) == 100
