"""The process of a probe: a run's own parts, at the updates where something may begin to act."""

from __future__ import annotations

import hashlib
import resource
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import median

import torch

from harness.contracts import Averager
from harness.loading.validation import experiment_from
from harness.planning.probe.messages import Probed, Request
from harness.registry.catalog import Catalog
from harness.registry.discovery import discover
from harness.training import checkpoint
from harness.training.assembly import Assembly, assemble
from harness.training.batches import EncodedPairs
from harness.training.evaluation import final_weights, teacher_forced, translate
from harness.training.loop import train

_ENOUGH = 20_000  # updates in which an averaging that never acted never will


def tried(request: Request) -> Probed:
    """Assemble, train a few updates, evaluate, translate; raises whatever a run would raise.

    The updates follow one another without a reset, because momentum, moments and averages show
    only in the second update after they began.
    """
    plugins = discover([Path(file) for file in request.plugins])
    experiment = experiment_from(
        request.experiment, catalog=Catalog.of(plugins), find_file=lambda path: path
    )
    checkpoint.settle(experiment.budget)
    begun = time.perf_counter()
    parts = assemble(experiment, seed=request.seed)
    setup = time.perf_counter() - begun
    numbers = probed_updates(experiment.budget.updates)
    paces = list(_paces(parts, numbers=numbers))
    weights = _digest(dict(parts.model.named_parameters()))
    with final_weights(parts):
        averaged = _digest(dict(parts.model.named_parameters())) + _averaging(parts)
        begun = time.perf_counter()
        scores = teacher_forced(parts, pairs=parts.task.validation)
        evaluation = time.perf_counter() - begun
        begun = time.perf_counter()
        written = _written(parts, sentences=request.sentences)
        share = len(written) / len(parts.task.test.sources)
        decoding = (time.perf_counter() - begun) / share
    return Probed(
        updates=numbers,
        weights=weights,
        averaged=averaged,
        scores=str(scores),
        written=hashlib.sha256("\n".join(written).encode()).hexdigest(),
        setup=setup,
        update=median(paces),
        evaluation=evaluation,
        decoding=decoding,
        memory=_memory(experiment.budget.device),
    )


def probed_updates(updates: int) -> tuple[int, ...]:
    """The first two updates of a budget, two in the middle, and the last two."""
    middle = updates // 2
    wanted = {1, 2, middle, middle + 1, updates - 1, updates}
    return tuple(sorted(number for number in wanted if 1 <= number <= updates))


def _paces(parts: Assembly, *, numbers: tuple[int, ...]) -> Iterator[float]:
    """Train at these numbers; yields the seconds that each update took."""
    for number in numbers:
        updates = train(parts, after=number - 1)
        if number == 1:
            next(updates)  # the evaluation before training
        begun = time.perf_counter()
        next(updates)
        yield time.perf_counter() - begun


def _averaging(parts: Assembly) -> str:
    """What averaging makes of weights that are the number of their update; empty without one.

    All updates are shown to it, because it may take in one of a thousand.
    """
    averager, last = _averager(parts), parts.setting.updates
    if averager is None:
        return ""
    shown = [name for name, _ in parts.model.named_parameters()][:1]
    for update in range(max(1, last - _ENOUGH), last + 1):
        averager.update({name: torch.tensor([float(update)]) for name in shown}, update)
    found = averager.weights() or {}
    return "" if all(value.item() == last for value in found.values()) else str(found)


def _averager(parts: Assembly) -> Averager | None:
    averaging = parts.experiment.averaging
    return averaging.build(parts.setting) if averaging else None


def _written(parts: Assembly, *, sentences: int) -> list[str]:
    test = parts.task.test
    some = EncodedPairs(test.sources[:sentences], test.targets[:sentences])
    return translate(parts, pairs=some, of=parts.experiment.generation)


def _digest(weights: Mapping[str, torch.Tensor]) -> str:
    found = hashlib.sha256()
    for name in sorted(weights):
        content = weights[name].detach().cpu().contiguous().view(torch.uint8)
        found.update(name.encode() + content.numpy().tobytes())
    return found.hexdigest()


def _memory(device: str) -> int:
    """The most bytes that this process ever held, on its device."""
    if device == "cuda":
        return torch.cuda.max_memory_allocated()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024  # which Linux counts in KiB
