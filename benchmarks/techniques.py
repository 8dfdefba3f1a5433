"""The time of an update with a technique against one without, in one process.

``python benchmarks/techniques.py``: one run each of the techniques that cost more than their
gradients, trained in turns, an update at a time. Quote the ratios.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from statistics import quantiles
from typing import Any

import torch

from harness.loading.validation import experiment_from
from harness.pipeline import catalog
from harness.runs.allocation import keep_freed_memory
from harness.training.assembly import assemble
from harness.training.loop import Update, train

ROUNDS = 20
BASE: dict[str, Any] = {
    "dataset": {"toy_german": {"train": 2000, "validation": 20, "test": 20}},
    "tokenizer": "word",
    "model": {"d_model": 128, "d_ff": 512, "heads": 8, "layers": 2},
    "initializer": "xavier_uniform",
    "regularizers": {"dropout": {"rate": 0.1}},
    "loss": {"label_smoothing": {"smoothing": 0.1}},
    "optimizer": "adam",
    "schedule": {"constant": {"learning_rate": 1.0e-4}},
    "decoding_policy": "teacher_forcing",
    "generation": "greedy",
    "budget": {"updates": 10_000, "batch_tokens": 900, "evaluate_every": 10_000},
}

LESS_TEACHING = {"linear": {"start": 1.0, "end": 0.75}}
TECHNIQUES: Mapping[str, Mapping[str, Any]] = {
    "no dropout": {"regularizers": {}},
    "R-Drop": {"regularizers": {"dropout": {"rate": 0.1}, "r_drop": {"alpha": 5.0}}},
    "scheduled sampling": {"decoding_policy": {"scheduled_sampling": {"decay": LESS_TEACHING}}},
    "free running": {"decoding_policy": "free_running"},
    "LoRA Dropout": {"regularizers": {"lora_dropout": {"rank": 8}}},
    "EMA": {"averaging": {"ema": {"decay": 0.999}}},
}


def updates_of(changes: Mapping[str, Any]) -> Iterator[Update]:
    """The updates of a run with some choices of its own."""
    experiment = experiment_from({**BASE, **changes}, catalog=catalog())
    return train(assemble(experiment, seed=1))


def seconds(updates: Iterator[Update]) -> float:
    """The time of the next update."""
    started = time.perf_counter()
    next(updates)
    return time.perf_counter() - started


def main() -> None:
    """Print a row for each technique."""
    keep_freed_memory()
    torch.set_num_threads(1)
    print("| technique | an update / one without it | quartiles |")
    print("|---|---:|---:|")
    for name, changes in TECHNIQUES.items():
        runs = [updates_of(changes), updates_of({})]
        for _ in range(3):  # the first evaluation, and what torch sets up once
            for run in runs:
                next(run)
        ratios = []
        for _ in range(ROUNDS):
            with_it, without = map(seconds, runs)
            ratios.append(with_it / without)
        low, middle, high = quantiles(ratios, n=4)
        print(f"| {name} | {middle:.2f} | {low:.2f} to {high:.2f} |", flush=True)


if __name__ == "__main__":
    main()
