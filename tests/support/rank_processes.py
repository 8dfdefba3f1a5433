"""Functions carried out by several ranks at once, and experiments that are traps for them."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import distributed

from harness.components import Regularizer
from harness.contracts import Regularization, Setting
from harness.study.experiment import Experiment, Parallel
from harness.training.assembly import Assembly, assemble
from harness.training.checkpoint import settle
from harness.training.divergence import Diverged
from harness.training.loop import Update, train
from harness.training.ranks import RankGroup
from harness_averagings.ema import EMA
from harness_models.decoder_only import DecoderOnly
from harness_models.encoder_decoder import EncoderDecoder
from harness_optimizers.sgd import SGD
from harness_parameter_groups.gradual_unfreezing import GradualUnfreezing
from harness_regularizers.clip_norm import ClipNorm
from harness_regularizers.dropout import Dropout
from harness_regularizers.gradient_noise import GradientNoise
from harness_regularizers.layer_drop import LayerDrop
from harness_regularizers.lora import Lora
from harness_regularizers.r_drop import RDrop
from harness_schedules.constant import Constant
from support.offered import OFFERED, example
from support.tiny_experiment import BUDGET, experiment, sampled, weights

# Three micro-batches for two ranks: the last turn of every update has one.
SHORT = replace(BUDGET, updates=3, evaluate_every=2, accumulation=3, gradient_norms=True)
MODEL = EncoderDecoder(d_model=16, d_ff=32, heads=2, layers=2)

# Of the slots that choose how to train; the last three are parts of a model.
_CHOICES = ("initializer", "loss", "optimizer", "parameter_groups", "schedule", "averaging")
_TRAINED = (*_CHOICES, "decoding_policy", "model")
_PARTS = ("normalization", "feed_forward", "positions")


@dataclass(frozen=True, kw_only=True)
class Explosive(Regularizer):
    """A penalty that is not finite for some micro-batches."""

    name = "explosive"

    def build(self, setting: Setting) -> Regularization:
        """The penalty, which depends on the targets alone."""

        def penalty(predictions: Any) -> torch.Tensor:
            first = predictions[0]
            odd = first.targets.sum() % 5 == 0
            total: torch.Tensor = first.logits.sum() * (float("inf") if odd else 0.0)
            return total

        return Regularization(penalty=penalty)


def traps() -> dict[str, Experiment]:
    """Experiments in which a sum over ranks could be another than that of one process."""
    of_regularizers: dict[str, Sequence[Any]] = {
        "clipping after the sum": [ClipNorm(norm=0.01), Dropout(rate=0.1)],
        "noise on gradients": [GradientNoise()],
        "layers skipped in some micro-batches": [LayerDrop(rate=0.5)],
        "every layer that trains skipped": [Lora(rank=2), LayerDrop(rate=0.9)],
        "two passes": [RDrop(), Dropout(rate=0.1)],
    }
    several = {
        name: {"regularizers": {part.name: part for part in parts}}
        for name, parts in of_regularizers.items()
    }
    others: dict[str, dict[str, Any]] = {
        "frozen at first": {"parameter_groups": GradualUnfreezing(every=1)},
        "average": {"averaging": EMA(decay=0.5)},
        "sampling": {"decoding_policy": sampled(1.0, 0.0)},
        "decoder only": {"model": DecoderOnly(d_model=16, d_ff=32, heads=2, layers=2)},
        "float64": {"budget": replace(SHORT, precision="float64")},
        "bfloat16": {"budget": replace(SHORT, precision="bfloat16")},
        "more micro-batches than turns": {"budget": replace(SHORT, accumulation=7)},
    }
    return {name: _small(**changes) for name, changes in (several | others).items()}


def catalog(file: Path) -> Iterator[tuple[str, Experiment]]:
    """An experiment with each technique of the catalog that a training can have."""
    for slot in _TRAINED:
        for component in OFFERED[slot]:
            yield f"{slot} {component.name}", _small(**{slot: example(component, file=file)})
    for component in OFFERED["regularizers"]:
        part = example(component, file=file)
        yield f"regularizers {part.name}", _small(regularizers={part.name: part})
    for slot in _PARTS:
        for component in OFFERED[slot]:
            model = replace(MODEL, **{slot: example(component, file=file)})
            yield f"{slot} {component.name}", _small(model=model)


def _small(**changes: Any) -> Experiment:
    return experiment(**{"budget": SHORT, "model": MODEL, **changes})


def in_ranks(
    work: Callable[[RankGroup, Any], Any], *, count: int, folder: Path, given: object = None
) -> list[Any]:
    """What `work` returns in each of `count` ranks; it is a function of an importable module."""
    context = multiprocessing.get_context("spawn")
    processes = [
        context.Process(target=_rank, args=(work, rank, count, folder, given))
        for rank in range(count)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * count
    return [torch.load(folder / f"{rank}.pt", weights_only=False) for rank in range(count)]


def _rank(work: Any, rank: int, count: int, folder: Path, given: object) -> None:
    settle(BUDGET)
    os.environ["GLOO_SOCKET_IFNAME"] = "lo"
    distributed.init_process_group(
        "gloo", init_method=f"file://{folder}/store", rank=rank, world_size=count
    )
    torch.save(work(RankGroup(rank=rank, count=count), given), folder / f"{rank}.pt")
    # Gloo's threads, left running, now and then abort the interpreter's end.
    distributed.destroy_process_group()


def equal_to_one_process(
    ranks: RankGroup, given: Mapping[str, Experiment]
) -> dict[str, tuple[bool, bool]]:
    """For this rank's share of cases, whether measurements and weights are those of one process."""
    results = {}
    for number, (case, choices) in enumerate(given.items()):
        together, ours = trained(choices, ranks=ranks)
        ranks.refuse_difference(ours, update=SHORT.updates)
        if number % ranks.count != ranks.rank:
            continue  # another rank compares
        alone, theirs = trained(choices)
        mine, other = weights(ours), weights(theirs)
        same = all(torch.equal(mine[name], weight) for name, weight in other.items())
        results[case] = (together == alone, same)
    return results


def trained(
    choices: Experiment, *, ranks: RankGroup | None = None
) -> tuple[list[Update | str], Assembly]:
    """The updates of a training, its divergence last, and its parts."""
    parts = assemble(choices, seed=1)
    updates: list[Update | str] = []
    try:
        updates += train(parts, accumulate=ranks.accumulate) if ranks else train(parts)
    except Diverged as fault:
        updates.append(str(fault))
    return updates, parts


def two_ranks(ranks: RankGroup, given: Mapping[str, Experiment]) -> dict[str, Any]:
    """The comparisons with one process, and what two ranks say of one another."""
    said: dict[str, Any] = {"equal": equal_to_one_process(ranks, given)}
    said["any"] = [ranks.any_rank(has=ranks.rank == 1), ranks.any_rank(has=False)]
    parts = assemble(_small(), seed=1)
    ranks.refuse_difference(parts, update=0)
    with torch.no_grad():
        next(iter(parts.model.parameters()))[0, 0] += ranks.rank
    try:
        ranks.refuse_difference(parts, update=7)
    except Exception as fault:  # noqa: BLE001 - told to the test
        said["difference"] = f"{type(fault).__name__}: {fault}"
    explosive = _small(regularizers={"explosive": Explosive()})
    said["diverged"] = [trained(explosive, ranks=of)[0] for of in (ranks, None)]
    budget = replace(SHORT, precision="float64", parallel=Parallel(data=2, exact=False))
    choices = _small(optimizer=SGD(), schedule=Constant(learning_rate=0.1), budget=budget)
    fast = replace(ranks, exact=False, _sums=[])
    said["inexact"] = weights(trained(choices, ranks=fast)[1])
    said["alone"] = weights(trained(choices)[1])
    return said
