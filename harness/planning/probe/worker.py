"""The worker of a probe: a run's own parts, at the updates where an option may begin to act."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import median

import torch

from harness.contracts import Averager
from harness.loading.validation import experiment_from
from harness.planning.probe.messages import ProbeResult, Request
from harness.registry.catalog import Catalog
from harness.registry.discovery import discover
from harness.runs.tokenized import Corpora
from harness.runs.usage import peak_memory
from harness.training import checkpoint
from harness.training.assembly import Assembly, assemble
from harness.training.batches import EncodedPairs
from harness.training.evaluation import final_weights, teacher_forced, translate
from harness.training.loop import train

_ENOUGH = 20_000  # updates, after which averaging that has not acted is taken never to act


def probe_variant(request: Request) -> ProbeResult:
    """Assemble, train a few updates, evaluate, translate; raises as a run would.

    The updates follow one another without a reset, because momentum, moments and averages act only
    from the second update on.
    """
    plugins = discover([Path(file) for file in request.plugins])
    experiment = experiment_from(
        request.experiment, catalog=Catalog.of(plugins), find_file=lambda path: path
    )
    checkpoint.settle(experiment.budget)
    started = time.perf_counter()
    task = Corpora(request.results).prepare(experiment)
    parts = assemble(experiment, seed=request.seed, task=task)
    setup = time.perf_counter() - started
    numbers = probed_updates(experiment.budget.updates)
    durations = list(_durations(parts, numbers=numbers))
    weights = _digest(dict(parts.model.named_parameters()))
    with final_weights(parts):
        averaged = _digest(dict(parts.model.named_parameters())) + _averaging(parts)
        started = time.perf_counter()
        scores = teacher_forced(parts, pairs=parts.task.validation)
        evaluation = time.perf_counter() - started
        started = time.perf_counter()
        written = _written(parts, sentences=request.sentences)
        share = len(written) / len(parts.task.test.sources)
        decoding = (time.perf_counter() - started) / share
    return ProbeResult(
        updates=numbers,
        weights=weights,
        averaged=averaged,
        scores=str(scores),
        written=hashlib.sha256("\n".join(written).encode()).hexdigest(),
        setup=setup,
        # Not the mean: the first update also pays for what torch sets up once.
        update=median(durations) if durations else 0.0,
        evaluation=evaluation,
        decoding=decoding,
        memory=peak_memory(experiment.budget.device),
    )


def probed_updates(updates: int) -> tuple[int, ...]:
    """The first two updates of a budget, two in the middle, and the last two."""
    middle = updates // 2
    numbers = {1, 2, middle, middle + 1, updates - 1, updates}
    return tuple(sorted(number for number in numbers if 1 <= number <= updates))


def _durations(parts: Assembly, *, numbers: tuple[int, ...]) -> Iterator[float]:
    """Train the updates of these numbers; yields the seconds that each took."""
    for number in numbers:
        updates = train(parts, after=number - 1)
        if number == 1:
            next(updates)  # the evaluation before training
        started = time.perf_counter()
        next(updates)
        yield time.perf_counter() - started


def _averaging(parts: Assembly) -> str:
    """The average of weights that equal their update's number; empty where it is the last ones.

    Every update is shown to the averager, because it may use one of a thousand.
    """
    averager, last = _averager(parts), parts.setting.updates
    if averager is None:
        return ""
    # One number in place of all weights, so that thousands of updates take no time.
    shown = [name for name, _ in parts.model.named_parameters()][:1]
    for update in range(max(1, last - _ENOUGH), last + 1):
        averager.update({name: torch.tensor([float(update)]) for name in shown}, update)
    average = averager.weights() or {}
    return "" if all(value.item() == last for value in average.values()) else str(average)


def _averager(parts: Assembly) -> Averager | None:
    averaging = parts.experiment.averaging
    return averaging.build(parts.setting) if averaging else None


def _written(parts: Assembly, *, sentences: int) -> list[str]:
    test = parts.task.test
    some = EncodedPairs(test.sources[:sentences], test.targets[:sentences])
    return translate(parts, pairs=some, of=parts.experiment.generation)


def _digest(weights: Mapping[str, torch.Tensor]) -> str:
    total = hashlib.sha256()
    for name in sorted(weights):
        content = weights[name].detach().cpu().contiguous().view(torch.uint8)
        total.update(name.encode() + content.numpy().tobytes())
    return total.hexdigest()
