"""The FLOPs of training, and the rate at which a machine multiplies matrices."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from harness.contracts.records import Usage
from harness.notices import warn
from harness.runs.usage import Meter
from harness.study.experiment import Budget
from harness.training.assembly import Assembly
from harness.training.batches import EncodedPairs
from harness.training.loop import backpropagate

_PAIRS = 4  # counted, at even steps through the corpus in the order of its lengths
_SECONDS = 0.05  # for the products of one size
# Of square matrices. On a CPU that others use as well, small ones are less often interrupted; many
# threads need large ones.
_SIZES = {"cpu": (512, 1024), "cuda": (4096,)}


def measured_usage(meter: Meter, *, parts: Assembly) -> Usage:
    """A run's use of its device up to now, with FLOPs if its updates took long enough.

    Called once the weights are written: it leaves no gradients, and draws from keyed noise alone.
    """
    usage, pace = meter.usage(), meter.tokens_per_second
    if pace is None:
        return usage
    try:
        work = flops_per_token(parts)
        budget = parts.experiment.budget
        # Each rank has as many threads as this process, or a GPU of its own.
        most = matrix_rate(budget) * budget.parallel.data
    except Exception as fault:  # noqa: BLE001 - whatever a component makes of single pairs
        warn(f"the FLOP utilization is unknown: {' '.join(str(fault).split()):.200}")
        return usage
    return replace(usage, flop_rate=work * pace, matrix_rate=most)


def flops_per_token(parts: Assembly) -> float:
    """The FLOPs of matrix products, forward and backward, per real target token of the corpus.

    Counted in a few sentence pairs alone, which have no padding, at even steps through the budget,
    as a policy may decode more later; then as a linear function of source and target tokens.
    """
    pairs, updates = parts.task.train, parts.experiment.budget.updates
    lengths = pairs.lengths()
    order = np.argsort(lengths.sum(1), kind="stable")
    rows = order[_even_steps(len(order))]
    numbers = 1 + _even_steps(updates)
    counted = [
        counted_flops(parts, pairs=pairs, row=int(row), update=int(number))
        for row, number in zip(rows, numbers, strict=True)
    ]
    per_length, *_ = np.linalg.lstsq(lengths[rows], np.array(counted, float), rcond=None)
    sums = lengths.sum(0)
    return float(sums @ per_length / sums[0])


def counted_flops(parts: Assembly, *, pairs: EncodedPairs, row: int, update: int) -> int:
    """The FLOPs of the matrix products that a single pair takes, with its backward pass."""
    # Here, as it is of no use to short runs.
    from torch.utils.flop_counter import FlopCounterMode

    batch = pairs.batch([row], device=parts.experiment.budget.device)
    try:
        with FlopCounterMode(display=False, custom_mapping=_attention_kernels()) as counter:
            backpropagate(parts, batch=batch, noise=parts.noise(update), tokens=batch.tokens)
    finally:
        parts.optimizer.zero_grad(set_to_none=True)
    return int(counter.get_total_flops())


def matrix_rate(budget: Budget) -> float:
    """The FLOPs a second of the best of some products, at a run's precision and threads."""
    return max(_best_rate(budget, size=size) for size in _SIZES[budget.device])


def _best_rate(budget: Budget, *, size: int) -> float:
    # No random numbers: the global generator may be a component's.
    numbers = torch.linspace(-1, 1, size * size, device=budget.device).view(size, size)
    matrix = numbers.to(getattr(torch, budget.precision))
    product, best = torch.zeros_like(matrix), float("inf")
    end = time.perf_counter() + _SECONDS
    with torch.no_grad():
        while (started := time.perf_counter()) < end:
            torch.mm(matrix, matrix, out=product)
            if budget.device == "cuda":
                torch.cuda.synchronize()
            best = min(best, time.perf_counter() - started)
    return 2 * size**3 / best


def _even_steps(count: int) -> Any:
    """The middles of equal parts of ``range(count)``."""
    return ((np.arange(_PAIRS) + 0.5) * count / _PAIRS).astype(int)


def _attention_kernels() -> dict[Any, Callable[..., int]]:
    """The FLOPs of fused attention by kernel: torch counts none of the CPU's.

    Twice the forward's for the backward: scores that a kernel computes again, to save memory, are
    no work of the model.
    """
    from torch.utils.flop_counter import sdpa_flop_count

    def forward(*shapes: Any, **_: Any) -> int:
        return int(sdpa_flop_count(*shapes[:3]))  # of queries, keys and values

    def backward(*shapes: Any, **_: Any) -> int:
        return 2 * int(sdpa_flop_count(*shapes[1:4]))  # after the gradient of the output

    kernels = ("flash_attention_for_cpu", "flash_attention", "efficient_attention")
    names = [f"_scaled_dot_product_{kernel}" for kernel in (*kernels, "cudnn_attention")]
    return {
        **{getattr(torch.ops.aten, name): forward for name in names},
        **{getattr(torch.ops.aten, f"{name}_backward"): backward for name in names},
    }
