"""The worker: one run, from the path of its folder to its outcome."""

from __future__ import annotations

import fcntl
import hashlib
import json
import math
import sys
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from harness.contracts import Evaluation, Run, TrainingOutcome
from harness.errors import HarnessError, PluginError
from harness.files import abandoned, sha256
from harness.hookspecs import hookimpl
from harness.registry.attribution import naming_plugins, owner, plugin_at_fault
from harness.registry.discovery import CORE, PluginFault, Plugins, implementers
from harness.runs import records
from harness.runs.identity import digest, evaluation_identity
from harness.runs.ledger import MEASUREMENTS, WEIGHTS, Hypothesis, Ledger, write_hypotheses
from harness.runs.pretrained import CHANGED, RunLoader, read_weights
from harness.runs.records import RunIdentity, SentenceSums
from harness.study.experiment import Experiment
from harness.training import checkpoint
from harness.training.assembly import Assembly, load_weights
from harness.training.divergence import Diverged
from harness.training.evaluation import final_weights, teacher_forced, translate
from harness.training.loop import Update, train
from harness.training.parameter_counts import counts


def perform(path: Path) -> None:
    """Train the run in this folder unless it is trained, and carry out the requested decodings.

    Raises any error; a run that diverges raises none, and has an outcome that says so.
    """
    runs = RunLoader.beside(path)
    plugins, core = runs.plugins, _core(path, runs=runs)
    plugins.registry.register(core, name=CORE)
    seed = records.require(path / "run.json", kind=RunIdentity).seed
    run = Run(seed, path.name, path)
    with _lock(path):
        try:
            with naming_plugins(plugins):
                plugins.registry.hook.harness_run(run=run)
        except HarnessError:
            raise
        except Exception as error:
            plugin_fault = plugin_at_fault(plugins, error=error)
            if plugin_fault:
                raise PluginError(str(plugin_fault)) from error
            raise
        _check_outcome(run, plugins=plugins, requested=core.requested)


def _check_outcome(run: Run, *, plugins: Plugins, requested: Collection[Path]) -> None:
    """Raise `PluginError` if a plugin carried the run out in place of the core, without outcome."""
    ledger = Ledger(run.path.parent)
    decoded = all(ledger.evaluated(run.digest, evaluation=folder.name) for folder in requested)
    complete = decoded if requested else ledger.weights(run.digest)
    if complete or ledger.status(run.digest) == "diverged":
        return
    others = [name for name in implementers(plugins, hook="harness_run") if name != CORE]
    fault = "reported the run as carried out, but wrote no outcome"
    raise PluginError(str(PluginFault(", ".join(others), "harness_run", fault)))


def _core(path: Path, *, runs: RunLoader) -> _Core:
    """The core's implementation of `harness_run` for a run's folder.

    Raises `HarnessError` if the digests of what would run here are not the folders' names.
    """
    ledger = runs.ledger
    location = ledger.location(path.name)
    requested = {}
    for name in location.evaluations:
        decoding = ledger.decoding(path.name, evaluation=name)
        experiment = runs.experiment(path.name, generation=decoding.generation)
        now = evaluation_identity(experiment, training=path.name, split=decoding.split)
        if digest(now) != name:
            raise HarnessError(CHANGED)
        requested[ledger.evaluation(path.name, evaluation=name)] = experiment
    experiment = runs.experiment(path.name, generation=location.generation)
    return _Core(runs, experiment=experiment, requested=requested)


class _Core:
    """The core's own implementation of `harness_run`, called last."""

    def __init__(
        self, runs: RunLoader, *, experiment: Experiment, requested: Mapping[Path, Experiment]
    ) -> None:
        self._runs, self._experiment, self.requested = runs, experiment, requested

    @hookimpl(trylast=True)
    def harness_run(self, run: Run) -> bool:
        """Train, then decode."""
        ledger = self._runs.ledger
        waiting = {
            folder: experiment
            for folder, experiment in self.requested.items()
            if not ledger.evaluated(run.digest, evaluation=folder.name)
        }
        trained = ledger.status(run.digest) == "finished" and not ledger.damage(run.digest)
        has_weights = ledger.weights(run.digest) and not ledger.damaged_weights(run.digest)
        if trained and not waiting and (self.requested or has_weights):
            return True
        checkpoint.settle(self._experiment.budget)
        parts = self._runs.assemble(self._experiment, seed=run.seed)
        if _trained(parts, path=run.path, plugins=self._runs.plugins):
            for folder, experiment in waiting.items():
                _evaluate(parts, experiment=experiment, folder=folder, ledger=ledger)
        return True


def _trained(parts: Assembly, *, path: Path, plugins: Plugins) -> bool:
    """Train to the end of the budget; False for a run that diverged."""
    ledger = Ledger(path.parent)
    _discard_damaged(path, ledger=ledger)
    status = ledger.status(path.name)
    if status == "diverged":
        return False
    if status != "finished" or not ledger.weights(path.name):
        outcome = _train(parts, path=path, plugins=plugins)
        records.write_record(path / "outcome.json", record=outcome)
        checkpoint.drop(path)
        status = outcome.status
    if status != "finished":
        return False
    load_weights(parts.model, weights=read_weights(path / WEIGHTS))
    return True


def _discard_damaged(path: Path, *, ledger: Ledger) -> None:
    """Remove the outcome of a training whose files have changed since: it is trained again."""
    damage = ledger.damage(path.name)
    if damage is None and ledger.damaged_weights(path.name):
        damage = f"{WEIGHTS} damaged"
    if damage:
        sys.stderr.write(f"warning: {path}: {damage}; trained again\n")
        # Before anything is written, so that a crash leaves an unfinished run and no mixture.
        for name in ("outcome.json", WEIGHTS):
            (path / name).unlink(missing_ok=True)


def _train(parts: Assembly, *, path: Path, plugins: Plugins) -> TrainingOutcome:
    """Train, and write the measurements of every update as it comes."""
    budget = parts.experiment.budget
    started = time.perf_counter()
    after = checkpoint.resume(parts, path=path)
    update = Update(after, ())
    diverged: str | None = None
    with (path / MEASUREMENTS).open("ab", buffering=0) as file:
        try:
            for update in train(parts, after=after):
                values = [(split, metric, value) for _, split, metric, value in update.measurements]
                file.write(json.dumps([update.number, values]).encode() + b"\n")
                if update.number and update.number % budget.evaluate_every == 0:
                    checkpoint.save(parts, path=path, update=update.number, size=file.tell())
        except Diverged as fault:
            diverged = divergence_reason(fault, plugins=plugins)
    if diverged is None:
        with final_weights(parts):
            named = parts.model.named_parameters()
            weights = {name: parameter.detach().cpu() for name, parameter in named}
            checkpoint.write_tensors(path / WEIGHTS, value=weights)
    epochs = 1 + (update.number * budget.accumulation - 1) // len(parts.order.epoch(0))
    counted = counts(
        dict(parts.model.named_parameters()), groups=parts.groups, updates=budget.updates
    )
    return TrainingOutcome(
        status="finished" if diverged is None else "diverged",
        reason=diverged,
        updates=update.number,
        resumed_after=after,
        seconds=round(time.perf_counter() - started, 3),
        parameters=counted.parameters,
        trained_parameters=counted.trained_parameters,
        shapes={name: tuple(counted.shapes[name]) for name in parts.initial_weights},
        initial_weights=dict(parts.initial_weights),
        order=tuple(parts.order.digest(epoch) for epoch in range(epochs)),
        files=_digests(path, names=[MEASUREMENTS, *([] if diverged else [WEIGHTS])]),
    )


def divergence_reason(fault: Diverged, *, plugins: Plugins) -> str:
    """The reason of a divergence, with the plugin of the component that caused it."""
    component = fault.component
    if component is None:
        return str(fault)
    return f"{fault} (plugin {owner(plugins, component=component)}, hook {component.hook})"


def _evaluate(parts: Assembly, *, experiment: Experiment, folder: Path, ledger: Ledger) -> None:
    """Score the trained model on the split, and store its hypotheses."""
    split = ledger.decoding(folder.parent.parent.name, evaluation=folder.name).split
    started = time.perf_counter()
    encoded, pairs = getattr(parts.task, split), getattr(parts.task.corpus, split)
    texts = translate(parts, pairs=encoded, of=experiment.generation)
    hypotheses = [
        Hypothesis(pair.source, pair.target, text) for pair, text in zip(pairs, texts, strict=True)
    ]
    write_hypotheses(folder, hypotheses=hypotheses)
    scored, written = teacher_forced(parts, pairs=encoded), ["hypotheses.jsonl"]
    if math.isfinite(scored.nll):
        nats, right, tokens = map(tuple, scored.by_sentence)
        sums = SentenceSums(nats=nats, right=right, tokens=tokens)
        records.write_rows(folder / "by_sentence.json", record=sums)
        written.append("by_sentence.json")
    outcome = Evaluation(
        scores=scored.by_name(),
        sentences=len(hypotheses),
        tokens=_digest([target.tolist() for target in encoded.targets]),
        references=_digest([[pair.source, pair.target] for pair in pairs]),
        seconds=round(time.perf_counter() - started, 3),
        files=_digests(folder, names=written),
    )
    records.write_record(folder / "outcome.json", record=outcome)


def _digests(folder: Path, *, names: Sequence[str]) -> Mapping[str, str]:
    """The SHA-256 of files that have just been written."""
    return {name: content for name in names if (content := sha256(folder / name))}


def _digest(rows: Sequence[Sequence[object]]) -> str:
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()[:16]


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    """Admit one worker per run: a second one waits, and then finds the outcome written."""
    with (path / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        for folder in (path, *path.glob("evaluations/*")):
            for partial in abandoned(folder):
                partial.unlink(missing_ok=True)
        yield
