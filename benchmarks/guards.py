"""The price of guards: an update with them against the same update without, in one process.

    python benchmarks/guards.py

Both sides train one model, by turns, on the same batches; only the guards are gone from one. What a
guard costs does not depend on the batch, so the difference is taken on batches of one sentence,
where it shows above the noise, and is quoted as a share of an update of the size that our studies
have. Quote the ratio: times are the machine's, counted on the CPU so that others disturb little.
The bound is a median of at most 1.01 at d_model 64.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from statistics import median, quantiles
from typing import Any

import torch

from harness.contracts import Batch
from harness.loading.validation import experiment_from
from harness.registry.catalog import Catalog
from harness.registry.discovery import discover
from harness.study.experiment import Experiment
from harness.training.assembly import Assembly, assemble
from harness.training.loop import _step, _windows

PAIRS, WARM_UP, D_MODEL = 1000, 10, 64
CHOICES = {
    "dataset": {"toy_german": {"train": 2000, "validation": 20, "test": 20}},
    "tokenizer": {"word": {}},
    "model": {"d_model": D_MODEL, "d_ff": 4 * D_MODEL, "heads": 4, "layers": 2},
    "initializer": {"xavier_uniform": {}},
    "regularizers": {"dropout": {"rate": 0.1}},
    "loss": {"label_smoothing": {"smoothing": 0.1}},
    "optimizer": {"adam": {}},
    "schedule": {"noam": {"warmup": 100}},
    "decoding_policy": {"teacher_forcing": {}},
    "averaging": {"ema": {}},
    "parameter_groups": {"layer_wise": {}},
    "generation": {"greedy": {}},
    "budget": {"updates": PAIRS + WARM_UP, "batch_tokens": 880, "evaluate_every": 1000},
}
REGULARIZERS = {
    "dropout": {"dropout": {"rate": 0.1}},
    "dropout, clipping and decay": {
        "dropout": {"rate": 0.1},
        "clip_norm": {"norm": 1.0},
        "weight_decay": {"rate": 0.01},
    },
}


def experiment(regularizers: dict[str, Any]) -> Experiment:
    """The choices with these regularizers, checked as a study's are."""
    choices = {**CHOICES, "regularizers": regularizers}
    return experiment_from(choices, catalog=Catalog.of(discover([])), find_file=lambda path: path)


def without_guards(parts: Assembly) -> Assembly:
    """The same model, optimizer and averages, and every other part as its component built it."""
    choices, setting = parts.experiment, parts.setting
    names = [name for group in parts.groups for name in group.names]
    return replace(
        parts,
        predict=choices.decoding_policy.build(setting),
        loss=choices.loss.build(setting),
        regularizations=[each.build(setting) for each in choices.regularizers.values()],
        groups=choices.parameter_groups.build(setting)(names),
        rate=choices.schedule.build(setting),
        averager=parts.averager.averager,
    )


@contextmanager
def bare_model(parts: Assembly) -> Iterator[None]:
    """The guards of sites and of the optimizer's step off, in the model that both sides share."""
    kept = {site.path: list(site.perturbations) for site in parts.model.sites.values()}
    for site in parts.model.sites.values():
        site.perturbations[:] = [effect.function for effect in site.perturbations]
    guard = parts.optimizer.step
    del parts.optimizer.step  # what is left is the class's own
    yield
    parts.optimizer.step = guard
    for site in parts.model.sites.values():
        site.perturbations[:] = kept[site.path]


def seconds(parts: Assembly, *, window: Sequence[Batch], update: int) -> float:
    """The time that an update took."""
    started = time.thread_time()
    _step(parts, window=window, update=update)
    return time.thread_time() - started


def ratio(name: str, *, regularizers: dict[str, Any]) -> str:
    """A line with the median ratio of a guarded update to a bare one, and its quartiles."""
    guarded = assemble(experiment(regularizers), seed=1)
    bare = without_guards(guarded)
    windows = _windows(guarded, skip=0)
    whole, differences = [], []
    for update in range(1, PAIRS + WARM_UP + 1):
        (batch,) = window = next(windows)
        if update % 10 == 0:
            with bare_model(bare):
                whole.append(seconds(bare, window=window, update=update))
        target = batch.target[:1, : batch.real[0].sum() + 1]
        one = Batch(source=batch.source[:1], target=target, tokens=target.shape[1] - 1)
        pair = {}
        # First by turns: the second of a pair finds warm caches.
        for side in sorted(("bare", "guarded"), reverse=bool(update % 2)):
            if side == "guarded":
                pair[side] = seconds(guarded, window=[one], update=update)
            else:
                with bare_model(bare):
                    pair[side] = seconds(bare, window=[one], update=update)
        differences.append(pair["guarded"] - pair["bare"])
    pace = median(whole)
    low, middle, high = (1 + each / pace for each in quantiles(differences[WARM_UP:], n=4))
    spread = f"quartiles {low:.3f} to {high:.3f}, {PAIRS} pairs"
    return f"d_model {D_MODEL}, {name}: {pace * 1e3:.1f} ms bare, ratio {middle:.4f} ({spread})"


def main() -> None:
    """Print the ratio for few and for many regularizers."""
    torch.set_num_threads(1)
    for name, regularizers in REGULARIZERS.items():
        print(ratio(name, regularizers=regularizers))


if __name__ == "__main__":
    main()
