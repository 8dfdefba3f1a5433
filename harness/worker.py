"""One run from its folder to its outcome; a path is all it needs, wherever it is called."""

from __future__ import annotations

import fcntl
import hashlib
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from harness import checkpoint
from harness.assembly import Assembly, assemble, load_weights
from harness.catalog import Catalog
from harness.checking import experiment_from
from harness.contracts import Run
from harness.counting import counts
from harness.discovery import Plugins, blamed, discover
from harness.errors import HarnessError
from harness.evaluation import final_weights, teacher_forced, translate
from harness.hookspecs import hookimpl
from harness.identity import digest, evaluation_identity, training_identity
from harness.ledger import Hypothesis, Ledger, read_json, write_hypotheses, write_json
from harness.study import Experiment
from harness.training import Diverged, Update, train


def perform(path: Path) -> None:
    """Train the run in this folder unless it is trained, and decode what is asked for.

    Raises whatever goes wrong; a run that diverges does not raise, its outcome says so.
    """
    where = read_json(path / "where.json")
    plugins = discover([Path(file) for file in where["plugins"]])
    asked = _asked(path, plugins=plugins, where=where)
    plugins.registry.register(_Core(asked), name="harness")
    run = Run(read_json(path / "run.json")["seed"], path.name, path)
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


def _asked(path: Path, *, plugins: Plugins, where: Mapping[str, Any]) -> dict[Path, Experiment]:
    """The experiment of every decoding that is asked for, by its folder.

    Raises `HarnessError` if what would run here is not what the folder is named after.
    """
    catalog, files = Catalog.of(plugins), where["files"]
    identity = read_json(path / "run.json")
    asked = {}
    for name in where["evaluations"]:
        folder = path / "evaluations" / name
        decoding = read_json(folder / "evaluation.json")
        choices = {**identity["experiment"], "generation": decoding["generation"]}
        experiment = experiment_from(choices, catalog=catalog, find_file=files.__getitem__)
        now = training_identity(experiment, seed=identity["seed"], plugins=plugins)
        then = evaluation_identity(experiment, training=path.name, split=decoding["split"])
        if (digest(now), digest(then)) != (path.name, name):
            raise HarnessError("code, corpus or torch changed since the plan was made; run again")
        asked[folder] = experiment
    return asked


class _Core:
    """The program's own answer to `harness_run`, which comes last."""

    def __init__(self, asked: Mapping[Path, Experiment]) -> None:
        self._asked = asked

    @hookimpl(trylast=True)
    def harness_run(self, run: Run) -> bool:
        """Train, then decode."""
        ledger = Ledger(run.path.parent)
        waiting = {
            folder: experiment
            for folder, experiment in self._asked.items()
            if not ledger.evaluated(run.digest, evaluation=folder.name)
        }
        if not waiting:
            return True
        experiment = next(iter(waiting.values()))
        checkpoint.settle(experiment.budget)
        parts = assemble(experiment, seed=run.seed)
        if _trained(parts, path=run.path):
            for folder, each in waiting.items():
                _evaluate(parts, experiment=each, folder=folder)
        return True


def _trained(parts: Assembly, *, path: Path) -> bool:
    """Train to the end of the budget; False for a run that diverged."""
    outcome, weights = Ledger(path.parent).outcome(path.name) or {}, path / "weights.pt"
    if outcome.get("status") == "diverged":
        return False
    if outcome.get("status") != "finished" or not weights.exists():
        outcome = _train(parts, path=path)
        write_json(path / "outcome.json", value=outcome)
        checkpoint.drop(path)
    if outcome["status"] != "finished":
        return False
    load_weights(parts.model, weights=torch.load(weights, weights_only=True))
    return True


def _train(parts: Assembly, *, path: Path) -> dict[str, Any]:
    """Write down every update as it comes; says how it ended."""
    budget = parts.experiment.budget
    begun = time.perf_counter()
    after = checkpoint.resume(parts, path=path)
    update = Update(after, ())
    ended = {"status": "finished"}
    with (path / "measurements.jsonl").open("ab", buffering=0) as file:
        try:
            for update in train(parts, after=after):
                values = [(each.split, each.metric, each.value) for each in update.measurements]
                file.write(json.dumps([update.number, values]).encode() + b"\n")
                if update.number and update.number % budget.evaluate_every == 0:
                    checkpoint.save(parts, path=path, update=update.number, size=file.tell())
        except Diverged as fault:
            ended = {"status": "diverged", "reason": str(fault)}
    if ended["status"] == "finished":
        with final_weights(parts):
            weights = {name: each.detach().cpu() for name, each in parts.model.named_parameters()}
            checkpoint.write_tensors(path / "weights.pt", value=weights)
    epochs = 1 + (update.number * budget.accumulation - 1) // len(parts.order.epoch(0))
    counted = counts(
        dict(parts.model.named_parameters()), groups=parts.groups, updates=budget.updates
    )
    return {
        **ended,
        "updates": update.number,
        "resumed_after": after,
        "seconds": round(time.perf_counter() - begun, 3),
        "parameters": counted.parameters,
        "trained_parameters": counted.trained_parameters,
        "shapes": {name: counted.shapes[name] for name in parts.initial_weights},
        "initial_weights": dict(parts.initial_weights),
        "order": [parts.order.digest(epoch) for epoch in range(epochs)],
    }


def _evaluate(parts: Assembly, *, experiment: Experiment, folder: Path) -> None:
    """Score the trained model on the split, and write what it translates."""
    split = read_json(folder / "evaluation.json")["split"]
    begun = time.perf_counter()
    encoded, pairs = getattr(parts.task, split), getattr(parts.task.corpus, split)
    generate = experiment.generation.build(parts.setting)
    written = translate(parts, pairs=encoded, generate=generate)
    hypotheses = [
        Hypothesis(pair.source, pair.target, text)
        for pair, text in zip(pairs, written, strict=True)
    ]
    write_hypotheses(folder, hypotheses=hypotheses)
    scores = teacher_forced(parts, pairs=encoded).by_name()
    outcome = {
        "scores": scores,
        "sentences": len(hypotheses),
        # What was scored: two runs can be compared only where these are equal.
        "tokens": _digest([each.tolist() for each in encoded.targets]),
        "references": _digest([[pair.source, pair.target] for pair in pairs]),
        "seconds": round(time.perf_counter() - begun, 3),
    }
    write_json(folder / "outcome.json", value=outcome)


def _digest(rows: Sequence[Sequence[object]]) -> str:
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()[:16]


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    """One worker a run: a second one waits, and then finds the outcome written."""
    with (path / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
