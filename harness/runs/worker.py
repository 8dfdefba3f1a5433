"""One run from its folder to its outcome; a path is all it needs, wherever it is called."""

from __future__ import annotations

import fcntl
import hashlib
import json
import math
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from harness.contracts import Run
from harness.errors import HarnessError, PluginError
from harness.files import read_json, write_columns, write_json
from harness.hookspecs import hookimpl
from harness.registry.attribution import naming_plugins, owner, plugin_at_fault
from harness.registry.discovery import CORE, PluginFault, Plugins, implementers
from harness.runs.identity import digest, evaluation_identity
from harness.runs.ledger import Hypothesis, Ledger, write_hypotheses
from harness.runs.pretrained import CHANGED, RunLoader, read_weights
from harness.study.experiment import Experiment
from harness.training import checkpoint
from harness.training.assembly import Assembly, load_weights
from harness.training.evaluation import final_weights, teacher_forced, translate
from harness.training.loop import Diverged, Update, train
from harness.training.parameter_counts import counts


def perform(path: Path) -> None:
    """Train the run in this folder unless it is trained, and decode what is asked for.

    Raises whatever goes wrong; a run that diverges does not raise, its outcome says so.
    """
    runs = RunLoader.beside(path)
    plugins, core = runs.plugins, _core(path, runs=runs)
    plugins.registry.register(core, name=CORE)
    run = Run(read_json(path / "run.json")["seed"], path.name, path)
    with _lock(path):
        try:
            with naming_plugins(plugins):
                plugins.registry.hook.harness_run(run=run)
        except HarnessError:
            raise
        except Exception as error:
            whose = plugin_at_fault(plugins, error=error)
            if whose:
                raise PluginError(str(whose)) from error
            raise
        _check_outcome(run, plugins=plugins, asked=core.asked)


def _check_outcome(run: Run, *, plugins: Plugins, asked: Collection[Path]) -> None:
    """Raise `PluginError` where a plugin took the run from the core, and left nothing."""
    ledger = Ledger(run.path.parent)
    outcome = ledger.outcome(run.digest) or {}
    decoded = all(ledger.evaluated(run.digest, evaluation=each.name) for each in asked)
    if outcome.get("status") == "diverged" or (decoded if asked else ledger.weights(run.digest)):
        return
    others = [each for each in implementers(plugins, hook="harness_run") if each != CORE]
    fault = "says that the run is carried out, but it left no outcome"
    raise PluginError(str(PluginFault(", ".join(others), "harness_run", fault)))


def _core(path: Path, *, runs: RunLoader) -> _Core:
    """What is to be done in a run's folder.

    Raises `HarnessError` if what would run here is not what the folder is named after.
    """
    where = read_json(path / "where.json")
    asked = {}
    for name in where["evaluations"]:
        folder = path / "evaluations" / name
        decoding = read_json(folder / "evaluation.json")
        experiment = runs.experiment(path.name, generation=decoding["generation"])
        then = evaluation_identity(experiment, training=path.name, split=decoding["split"])
        if digest(then) != name:
            raise HarnessError(CHANGED)
        asked[folder] = experiment
    experiment = runs.experiment(path.name, generation=where["generation"])
    return _Core(runs, experiment=experiment, asked=asked)


class _Core:
    """The program's own answer to `harness_run`, which comes last."""

    def __init__(
        self, runs: RunLoader, *, experiment: Experiment, asked: Mapping[Path, Experiment]
    ) -> None:
        self._runs, self._experiment, self.asked = runs, experiment, asked

    @hookimpl(trylast=True)
    def harness_run(self, run: Run) -> bool:
        """Train, then decode."""
        ledger = self._runs.ledger
        waiting = {
            folder: experiment
            for folder, experiment in self.asked.items()
            if not ledger.evaluated(run.digest, evaluation=folder.name)
        }
        if not waiting and (self.asked or ledger.weights(run.digest)):
            return True
        checkpoint.settle(self._experiment.budget)
        parts = self._runs.assemble(self._experiment, seed=run.seed)
        if _trained(parts, path=run.path, plugins=self._runs.plugins):
            for folder, each in waiting.items():
                _evaluate(parts, experiment=each, folder=folder)
        return True


def _trained(parts: Assembly, *, path: Path, plugins: Plugins) -> bool:
    """Train to the end of the budget; False for a run that diverged."""
    outcome, weights = Ledger(path.parent).outcome(path.name) or {}, path / "weights.pt"
    if outcome.get("status") == "diverged":
        return False
    if outcome.get("status") != "finished" or not weights.exists():
        outcome = _train(parts, path=path, plugins=plugins)
        write_json(path / "outcome.json", value=outcome)
        checkpoint.drop(path)
    if outcome["status"] != "finished":
        return False
    load_weights(parts.model, weights=read_weights(weights))
    return True


def _train(parts: Assembly, *, path: Path, plugins: Plugins) -> dict[str, Any]:
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
            ended = {"status": "diverged", "reason": reason(fault, plugins=plugins)}
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


def reason(fault: Diverged, *, plugins: Plugins) -> str:
    """Why a run diverged, with the plugin whose component it was."""
    component = fault.component
    if component is None:
        return str(fault)
    return f"{fault} (plugin {owner(plugins, component=component)}, hook {component.hook})"


def _evaluate(parts: Assembly, *, experiment: Experiment, folder: Path) -> None:
    """Score the trained model on the split, and write what it translates."""
    split = read_json(folder / "evaluation.json")["split"]
    begun = time.perf_counter()
    encoded, pairs = getattr(parts.task, split), getattr(parts.task.corpus, split)
    written = translate(parts, pairs=encoded, of=experiment.generation)
    hypotheses = [
        Hypothesis(pair.source, pair.target, text)
        for pair, text in zip(pairs, written, strict=True)
    ]
    write_hypotheses(folder, hypotheses=hypotheses)
    scored = teacher_forced(parts, pairs=encoded)
    if math.isfinite(scored.nll):
        named = zip(("nats", "right", "tokens"), scored.by_sentence, strict=True)
        write_columns(folder / "by_sentence.json", columns=dict(named))
    outcome = {
        "scores": scored.by_name(),
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
