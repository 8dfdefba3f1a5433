"""One run from its folder to its outcome; a path is all it needs, wherever it is called."""

from __future__ import annotations

import fcntl
import io
import json
import os
import pickle
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from harness.assembly import Assembly, assemble, load_weights
from harness.catalog import Catalog
from harness.checking import experiment_from
from harness.contracts import Run
from harness.discovery import blamed, discover
from harness.errors import HarnessError
from harness.evaluation import final_weights, teacher_forced, translate
from harness.hookspecs import hookimpl
from harness.ledger import (
    Hypothesis,
    read_json,
    write_atomically,
    write_hypotheses,
    write_json,
)
from harness.study import Budget, Experiment
from harness.training import Diverged, Update, train


def perform(path: Path) -> None:
    """Train the run in this folder unless it is trained, and decode what is not decoded.

    Raises whatever goes wrong; a run that diverges does not raise, its outcome says so.
    """
    specification = read_json(path / "run.json")
    plugins = discover([Path(file) for file in specification["plugins"]])
    plugins.registry.register(_Core(Catalog.of(plugins)), name="harness")
    run = Run(specification["identity"]["seed"], path.name, path)
    with _lock(path):
        try:
            plugins.registry.hook.harness_run(run=run)
        except HarnessError:
            raise
        except Exception as error:
            whose = blamed(plugins, error=error)
            if whose:
                error.add_note(whose)  # the last line of the log, and so the run's reason
            raise


class _Core:
    """The program's own answer to `harness_run`, which comes last."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    @hookimpl(trylast=True)
    def harness_run(self, run: Run) -> bool:
        """Train, then decode."""
        waiting = {
            folder: self._experiment(run, folder=folder)
            for folder in sorted((run.path / "evaluations").iterdir())
            if not (folder / "outcome.json").exists()
        }
        if not waiting:
            return True
        experiment = next(iter(waiting.values()))
        _settle(experiment.budget)
        parts = assemble(experiment, seed=run.seed)
        if _trained(parts, path=run.path):
            for folder, each in waiting.items():
                _evaluate(parts, experiment=each, folder=folder)
        return True

    def _experiment(self, run: Run, *, folder: Path) -> Experiment:
        specification = read_json(run.path / "run.json")
        choices = {
            **specification["identity"]["experiment"],
            "generation": read_json(folder / "evaluation.json")["generation"],
        }
        files: Mapping[str, str] = specification["files"]
        return experiment_from(choices, catalog=self._catalog, find_file=files.__getitem__)


def _settle(budget: Budget) -> None:
    """Make this process give the same bits every time."""
    torch.set_num_threads(budget.threads)
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(mode=True)
    if budget.device == "cuda" and not torch.cuda.is_available():
        raise HarnessError("budget.device is cuda, but torch sees no GPU here; say cpu")


def _trained(parts: Assembly, *, path: Path) -> bool:
    """Train to the end of the budget; False for a run that diverged."""
    outcome = read_json(path / "outcome.json") or {}
    if outcome.get("status") == "diverged":
        return False
    if outcome.get("status") != "finished":
        outcome = _train(parts, path=path)
        write_json(path / "outcome.json", value=outcome)
        (path / "checkpoint.pt").unlink(missing_ok=True)
    if outcome["status"] == "finished":
        load_weights(parts.model, weights=torch.load(path / "weights.pt", weights_only=True))
    return bool(outcome["status"] == "finished")


def _train(parts: Assembly, *, path: Path) -> dict[str, Any]:
    """Write down every update as it comes; says how it ended."""
    budget = parts.experiment.budget
    begun = time.perf_counter()
    after = _resume(parts, path=path)
    update = Update(after, ())
    ended = {"status": "finished"}
    with (path / "measurements.jsonl").open("ab", buffering=0) as file:
        try:
            for update in train(parts, after=after):
                values = [(each.split, each.metric, each.value) for each in update.measurements]
                file.write(json.dumps([update.number, values]).encode() + b"\n")
                if update.number and update.number % budget.evaluate_every == 0:
                    _save(parts, path=path, update=update.number, size=file.tell())
        except Diverged as fault:
            ended = {"status": "diverged", "reason": str(fault)}
    if ended["status"] == "finished":
        with final_weights(parts):
            weights = {name: each.detach().cpu() for name, each in parts.model.named_parameters()}
            _write_tensors(path / "weights.pt", value=weights)
    epochs = 1 + (update.number * budget.accumulation - 1) // len(parts.order.epoch(0))
    return {
        **ended,
        "updates": update.number,
        "resumed_after": after,
        "seconds": round(time.perf_counter() - begun, 3),
        "parameters": sum(each.numel() for each in parts.model.parameters()),
        "initial_weights": dict(parts.initial_weights),
        "order": [parts.order.digest(epoch) for epoch in range(epochs)],
    }


def _evaluate(parts: Assembly, *, experiment: Experiment, folder: Path) -> None:
    """Score the trained model on the split, and write what it translates."""
    split = read_json(folder / "evaluation.json")["split"]
    begun = time.perf_counter()
    encoded = getattr(parts.task, split)
    generate = experiment.generation.build(parts.setting)
    written = translate(parts, pairs=encoded, generate=generate)
    pairs = zip(getattr(parts.task.corpus, split), written, strict=True)
    write_hypotheses(
        folder, hypotheses=[Hypothesis(pair.source, pair.target, text) for pair, text in pairs]
    )
    scores = teacher_forced(parts, pairs=encoded).by_name()
    seconds = round(time.perf_counter() - begun, 3)
    write_json(folder / "outcome.json", value={"scores": scores, "seconds": seconds})


def _save(parts: Assembly, *, path: Path, update: int, size: int) -> None:
    """Keep all that a run needs to go on: there is no random state to keep."""
    checkpoint = {
        "update": update,
        "bytes": size,
        "weights": {name: each.detach() for name, each in parts.model.named_parameters()},
        "optimizer": parts.optimizer.state_dict(),
        "averaging": dict(parts.averager.state()) if parts.averager else {},
    }
    _write_tensors(path / "checkpoint.pt", value=checkpoint)


def _resume(parts: Assembly, *, path: Path) -> int:
    """Go on from the last checkpoint if it can be read; the number of its update, or 0."""
    measurements = path / "measurements.jsonl"
    try:
        checkpoint = torch.load(path / "checkpoint.pt", weights_only=True)
    except FileNotFoundError:
        checkpoint = None
    except (RuntimeError, OSError, EOFError, pickle.UnpicklingError) as fault:
        sys.stderr.write(f"checkpoint.pt cannot be read, training starts again: {fault}\n")
        checkpoint = None
    if checkpoint is None:
        measurements.unlink(missing_ok=True)
        return 0
    load_weights(parts.model, weights=checkpoint["weights"])
    parts.optimizer.load_state_dict(checkpoint["optimizer"])
    if parts.averager:
        parts.averager.restore(checkpoint["averaging"])
    with measurements.open("r+b") as file:
        file.truncate(checkpoint["bytes"])
    return int(checkpoint["update"])


def _write_tensors(path: Path, *, value: Mapping[str, Any]) -> None:
    buffer = io.BytesIO()
    torch.save(value, buffer)
    write_atomically(path, content=buffer.getvalue())


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    """One worker a run: a second one waits, and then finds the outcome written."""
    with (path / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
