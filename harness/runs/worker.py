"""The worker: one run, from the path of its folder to its outcome.

``python -m harness.runs.worker PATH`` carries out the run in a folder of a ledger, wherever that
folder can be seen: its output goes to the run's log, and its exit status is 0 once the outcome is
written, 1 for a fault, which is the last line of the log, and 2 for a wrong argument.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import NamedTuple

from harness.contracts import Run, TrainingOutcome
from harness.errors import HarnessError, PluginError
from harness.files import append, file_digests, keep, no_link
from harness.hookspecs import hookimpl
from harness.notices import notify_user, warn
from harness.registry.attribution import owner
from harness.registry.discovery import CORE, PluginFault, Plugins, implementers
from harness.runs import records
from harness.runs.allocation import keep_freed_memory
from harness.runs.chance import nll_by_chance
from harness.runs.decodings import Decodings, load_decodings
from harness.runs.flops import measured_usage
from harness.runs.launch import ranks_to_start, start_ranks
from harness.runs.ledger import MEASUREMENTS, WEIGHTS, Ledger
from harness.runs.lock import hold
from harness.runs.pretrained import RunLoader, read_weights
from harness.runs.run_hook import call_hook
from harness.runs.stopping import Checkpoints, Stop
from harness.runs.supervision import STOPPING, guard, signs_of_life
from harness.runs.usage import Meter
from harness.search_path import leave_working_folder
from harness.study.experiment import Experiment
from harness.training import checkpoint
from harness.training.assembly import Assembly
from harness.training.divergence import Diverged
from harness.training.evaluation import kept_weights
from harness.training.loop import Update, train
from harness.training.network import load_weights
from harness.training.parameter_counts import counts

LOG = "log.txt"


class Training(NamedTuple):
    """The way in which a run is trained: by one process, or by one of several together.

    `resume` goes back to the last checkpoint of the run in a folder and returns its update;
    `updates` yields those after it.
    """

    resume: Callable[..., int] = checkpoint.resume
    updates: Callable[..., Iterator[Update]] = train


ALONE = Training()


def perform_argument() -> None:
    """Carry out the run whose folder is the argument of this process."""
    leave_working_folder()
    if len(sys.argv) != 2 or not Path(sys.argv[1]).is_dir():
        notify_user("usage: python -m harness.runs.worker PATH, the folder of a run")
        sys.exit(2)
    perform_logged(Path(sys.argv[1]).absolute())


def perform_logged(path: Path) -> None:
    """As `perform_guarded`, with all output in the run's log; a fault ends it, and the process."""
    # Appending: an orphaned process of the same run may still be writing.
    log = os.open(path / LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o666)
    sys.stdout.flush()
    os.dup2(log, 1)
    os.dup2(log, 2)
    try:
        perform_guarded(path)
    except HarnessError as error:
        if error.__cause__:  # raised in a plugin, whose author needs the traceback
            traceback.print_exc()
        sys.exit("; ".join(str(error).splitlines()))


def perform_guarded(path: Path) -> None:
    """As `perform`, in a process of its own that this one guards; returns in that process only.

    SIGTERM, SIGINT, SIGHUP and the death of the process that started this one end the run at its
    next update, with a checkpoint; a second signal, or some seconds, end it at once. So does the
    study's timeout. Processes that a component starts end with the run.
    """
    location = Ledger(path.parent).location(path.name)
    timeout = location.timeout_minutes
    keep_freed_memory()
    guard(alive=partial(signs_of_life, path), timeout=None if timeout is None else 60 * timeout)
    stop = Stop()
    for number in STOPPING:
        signal.signal(number, stop)
    perform(path, stop=stop)


def perform(path: Path, *, stop: Stop | None = None) -> None:
    """Train the run in this folder unless it is trained, and carry out the requested decodings.

    Raises any error; a run that diverges raises none, and has an outcome that says so. A run of
    several processes is carried out by those, which this one starts and watches.
    """
    count = ranks_to_start(path)
    if count > 1:
        with hold(path):
            start_ranks(path, count=count)
    else:
        carry_out(path, stop=stop or Stop(), training=ALONE)


def carry_out(path: Path, *, stop: Stop, training: Training) -> None:
    """As `perform`, in this process alone or as the first rank of several."""
    runs = RunLoader.beside(path)
    plugins = runs.plugins
    location = runs.ledger.location(path.name)
    experiment = runs.experiment(path.name, generation=location.generation)
    decodings = load_decodings(path, runs=runs, location=location)
    checkpoints = Checkpoints(stop, every=60 * location.checkpoint_minutes)
    core = _Core(
        runs,
        experiment=experiment,
        decodings=decodings,
        checkpoints=checkpoints,
        training=training,
    )
    # The process that starts ranks holds the run for all of them.
    with hold(path) if training is ALONE else nullcontext() as claim:
        if claim:
            checkpoints.verify = claim.verify
        run = call_hook(core, path=path, plugins=plugins)
        _check_outcome(run, plugins=plugins, decodings=decodings)


def _check_outcome(run: Run, *, plugins: Plugins, decodings: Decodings) -> None:
    """Raise `PluginError` if a plugin carried the run out in place of the core, without outcome."""
    ledger = Ledger(run.path.parent)
    complete = not decodings.waiting if decodings.loaded else ledger.weights(run.digest)
    if complete or ledger.status(run.digest) == "diverged":
        return
    others = [name for name in implementers(plugins, hook="harness_run") if name != CORE]
    fault = "reported the run as carried out, but wrote no outcome"
    raise PluginError(str(PluginFault(", ".join(others), "harness_run", fault)))


class _Core:
    """The core's own implementation of `harness_run`, called last."""

    def __init__(
        self,
        runs: RunLoader,
        *,
        experiment: Experiment,
        decodings: Decodings,
        checkpoints: Checkpoints,
        training: Training,
    ) -> None:
        self._runs, self._experiment, self._decodings = runs, experiment, decodings
        self._checkpoints, self._training = checkpoints, training

    @hookimpl(trylast=True)
    def harness_run(self, run: Run) -> bool:
        """Train, then decode; raises the fault of the first decoding that fails, after the rest."""
        ledger, decodings = self._runs.ledger, self._decodings
        whole = ledger.status(run.digest) == "finished" and not ledger.damage(run.digest)
        has_weights = ledger.weights(run.digest) and not ledger.damaged_weights(run.digest)
        if decodings.waiting or not whole or not (decodings.loaded or has_weights):
            checkpoint.settle(self._experiment.budget)
            parts = self._runs.assemble(self._experiment, seed=run.seed)
            plugins, checkpoints = self._runs.plugins, self._checkpoints
            if _trained(
                parts,
                path=run.path,
                plugins=plugins,
                checkpoints=checkpoints,
                training=self._training,
            ):
                decodings.carry_out(parts)
        decodings.refuse_faults()
        return True


def _trained(
    parts: Assembly, *, path: Path, plugins: Plugins, checkpoints: Checkpoints, training: Training
) -> bool:
    """Train to the end of the budget; False for a run that diverged."""
    ledger = Ledger(path.parent)
    _discard_damaged(path, ledger=ledger)
    status = ledger.status(path.name)
    if status == "diverged":
        return False
    if status != "finished" or not ledger.weights(path.name):
        with checkpoints.stop.between_updates():
            outcome = _train(
                parts, path=path, plugins=plugins, checkpoints=checkpoints, training=training
            )
            checkpoints.verify()
            records.write_record(path / "outcome.json", record=outcome)
            # Only now: a crash before the outcome is written resumes from the last one.
            checkpoint.drop(path)
        status = outcome.status
    if status != "finished":
        return False
    # After training too: what is decoded is what is stored, averaged where the experiment averages.
    load_weights(parts.model, weights=read_weights(path / WEIGHTS))
    return True


def _discard_damaged(path: Path, *, ledger: Ledger) -> None:
    """Remove the outcome of a training whose files have changed since: it is trained again."""
    damage = ledger.damage(path.name)
    if damage is None and ledger.damaged_weights(path.name):
        damage = f"{WEIGHTS} damaged"
    if damage:
        warn(f"{path}: {damage}; trained again")
        # Before anything is written, so that a crash leaves an unfinished run and no mixture.
        for name in ("outcome.json", WEIGHTS):
            (path / name).unlink(missing_ok=True)


def _train(
    parts: Assembly, *, path: Path, plugins: Plugins, checkpoints: Checkpoints, training: Training
) -> TrainingOutcome:
    """Train, and write the measurements of every update as it comes."""
    budget = parts.experiment.budget
    started, meter = time.perf_counter(), Meter(budget.device)
    after = training.resume(parts, path=path)
    update = Update(after, ())  # what stands if no update is left to make
    diverged: str | None = None
    # Unbuffered: observers see each update at once, and a kill loses none.
    with open(path / MEASUREMENTS, "ab", buffering=0, opener=no_link) as file:
        try:
            for update in training.updates(parts, after=after):
                values = [(split, metric, value) for _, split, metric, value in update.measurements]
                checkpoints.verify()
                # Before its checkpoint, which holds how much of this file is covered.
                append(file, content=json.dumps([update.number, values]).encode() + b"\n")
                if checkpoints.due(update.number, budget=budget):
                    keep(file)  # a checkpoint without its measurements is of no use
                    checkpoint.save(parts, path=path, update=update.number, size=file.tell())
                meter.note(update.measurements)
                checkpoints.stop.leave(f"stopped after update {update.number}, which is kept")
        except Diverged as fault:
            diverged = divergence_reason(fault, plugins=plugins)
        keep(file)
    if diverged is None:
        # Which weights these are is decided by code that a run's identity covers; this is not.
        checkpoint.write_tensors(path / WEIGHTS, value=kept_weights(parts))
    epochs = 1 + (update.number * budget.accumulation - 1) // parts.order.epoch_batches
    counted = counts(
        dict(parts.model.named_parameters()), groups=parts.groups, updates=budget.updates
    )
    return TrainingOutcome(
        status="finished" if diverged is None else "diverged",
        reason=diverged,
        updates=update.number,
        resumed_after=after,
        seconds=round(time.perf_counter() - started, 3),
        ended=round(time.time(), 3),
        parameters=counted.parameters,
        trained_parameters=counted.trained_parameters,
        chance_nll=nll_by_chance(parts.task),
        shapes={name: tuple(counted.shapes[name]) for name in parts.initial_weights},
        initial_weights=dict(parts.initial_weights),
        rewriters=dict(parts.rewriters),
        order=tuple(parts.order.digest(epoch) for epoch in range(epochs)),
        usage=measured_usage(meter, parts=parts),
        files=file_digests(path, names=[MEASUREMENTS, *([] if diverged else [WEIGHTS])]),
    )


def divergence_reason(fault: Diverged, *, plugins: Plugins) -> str:
    """The reason of a divergence, with the plugin of the component that caused it."""
    component = fault.component
    if component is None:
        return str(fault)
    return f"{fault} (plugin {owner(plugins, component=component)}, hook {component.hook})"


if __name__ == "__main__":
    perform_argument()
