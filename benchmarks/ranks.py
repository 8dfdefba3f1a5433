"""Two ranks against one process that accumulates: seconds of an update, in one sitting.

``python benchmarks/ranks.py``. Updates alternate: one process alone while the other waits, both
with the exact sum, both with an all-reduce. Quote the medians of the ratios and their quartiles.
By the clock they say what was won; by processor time, the larger of both ranks, what would be on
cores of their own, as other programs on the machine hardly count there.
"""

from __future__ import annotations

import multiprocessing
import os
import time
from dataclasses import replace
from functools import partial
from statistics import median, quantiles
from tempfile import TemporaryDirectory

import torch
from torch import distributed

from harness.study.experiment import Budget, Experiment
from harness.training.assembly import assemble
from harness.training.checkpoint import settle
from harness.training.loop import _step, _windows, accumulate
from harness.training.ranks import RankGroup
from harness_datasets.copy import Copy
from harness_decoding_policies.teacher_forcing import TeacherForcing
from harness_generations.greedy import Greedy
from harness_initializers.xavier_uniform import XavierUniform
from harness_losses.cross_entropy import CrossEntropy
from harness_models.encoder_decoder import EncoderDecoder
from harness_optimizers.adam import Adam
from harness_regularizers.dropout import Dropout
from harness_schedules.constant import Constant
from harness_tokenizers.word import Word

WIDTHS, ACCUMULATION, TOKENS, REPEATS = (64, 128, 256), 4, 400, 10
BUDGET = Budget(updates=1000, batch_tokens=TOKENS, evaluate_every=1000, accumulation=ACCUMULATION)


def experiment(d_model: int) -> Experiment:
    """Copying of 400 tokens a micro-batch by three layers on either side."""
    return Experiment(
        dataset=Copy(symbols=1000, length=20),
        tokenizer=Word(),
        model=EncoderDecoder(d_model=d_model, d_ff=4 * d_model, heads=8, layers=3),
        initializer=XavierUniform(),
        regularizers={"dropout": Dropout(rate=0.1)},
        loss=CrossEntropy(),
        optimizer=Adam(),
        schedule=Constant(learning_rate=1e-4),
        decoding_policy=TeacherForcing(),
        generation=Greedy(extra=5),
        budget=BUDGET,
    )


def measured(rank: int, folder: str) -> None:
    """Print, from the first rank, the ratios for each width."""
    settle(BUDGET)
    os.environ["GLOO_SOCKET_IFNAME"] = "lo"
    distributed.init_process_group(
        "gloo", init_method=f"file://{folder}/store", rank=rank, world_size=2
    )
    exact = RankGroup(rank=rank, count=2)
    ways = {
        "alone": accumulate,
        "exact": exact.accumulate,
        "inexact": replace(exact, exact=False, _sums=[]).accumulate,
    }
    for d_model in WIDTHS:
        parts = assemble(experiment(d_model), seed=1)
        times = []
        for update, window in zip(range(1, REPEATS + 3), _windows(parts, skip=0), strict=False):
            row = {}
            for name, way in ways.items():
                exact.wait()
                clock, processor = time.perf_counter(), time.process_time()
                if name != "alone" or rank == 0:
                    _step(parts, window=window, update=update, accumulate=way)
                used = torch.tensor(time.process_time() - processor)
                distributed.all_reduce(used, op=distributed.ReduceOp.MAX)
                row[name] = (time.perf_counter() - clock, used.item())
            times.append(row)
        if rank == 0:
            tell(d_model, times[2:], parameters=sum(map(torch.numel, parts.model.parameters())))
    distributed.destroy_process_group()


def tell(d_model: int, times: list[dict[str, tuple[float, float]]], *, parameters: int) -> None:
    """Print the medians of one width, and how many times faster two ranks are."""
    alone = median(row["alone"][0] for row in times) * 1e3
    words = [f"d_model {d_model}, {parameters / 1e6:.1f}M parameters, alone {alone:.0f} ms"]
    for name in ("exact", "inexact"):
        for place, measure in enumerate(("by the clock", "by processor time")):
            ratios = [row["alone"][place] / row[name][place] for row in times]
            low, middle, high = quantiles(ratios)
            words.append(f"{name} {middle:.2f} times faster {measure} ({low:.2f} to {high:.2f})")
    print("; ".join(words), flush=True)


def main() -> None:
    """Start both ranks."""
    context = multiprocessing.get_context("spawn")
    with TemporaryDirectory() as folder:
        start = partial(context.Process, target=measured)
        processes = [start(args=(rank, folder)) for rank in range(2)]
        for process in processes:
            process.start()
        for process in processes:
            process.join()


if __name__ == "__main__":
    main()
