"""Probes as processes of this machine, from the same server that local runs are forked from."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerProcess
from multiprocessing.forkserver import ensure_running
from pathlib import Path

from harness.errors import HarnessError
from harness.planning.probe.messages import ProbeResult, Request
from harness.runs.supervision import guard
from harness.study.serialization import resolved_experiment
from harness.study.values import Study

LIMIT = 300.0  # seconds
_PATIENCE = 5.0  # seconds, for a process that was asked to end


def probe(
    study: Study, *, names: Sequence[str], jobs: int, sentences: int, limit: float = LIMIT
) -> Mapping[str, ProbeResult]:
    """Probe these experiments with the first seed, `jobs` at once, each in a process of its own.

    Nothing is written. An experiment that starts from another run is probed from scratch; one that
    cannot be probed has a fault as its result, and so has one that takes over `limit` seconds.
    """
    waiting = {
        name: Request(
            # The start need not be trained yet, and changes neither times nor memory.
            experiment={**resolved_experiment(study.experiments[name]), "starts_from": None},
            plugins=tuple(map(str, study.plugins)),
            seed=study.seeds[0],
            sentences=sentences,
        )
        for name in names
    }
    running: dict[str, _Probe] = {}
    results: dict[str, ProbeResult] = {}
    try:
        while waiting or running:
            for name in [*waiting][: jobs - len(running)]:
                running[name] = _start(waiting.pop(name), limit=limit)
            soonest = min(process.deadline for process in running.values())
            receivers = [process.receiver for process in running.values()]
            # Until a result or the first deadline: a probe that hangs sends nothing.
            wait(receivers, max(0.0, soonest - time.monotonic()))
            for name, process in [*running.items()]:
                if result := process.result(limit):
                    results[name] = result
                    del running[name]
    finally:
        for process in running.values():
            process.process.terminate()
        for process in running.values():
            process.end()
    return {name: results[name] for name in names}


@dataclass(frozen=True)
class _Probe:
    """A probe under way."""

    process: ForkServerProcess
    receiver: Connection
    deadline: float

    def result(self, limit: float) -> ProbeResult | None:
        """The result, a fault if there will be none, or None if it is still awaited."""
        try:
            if self.receiver.poll():
                result: ProbeResult = self.receiver.recv()
                self.process.join(_PATIENCE)
                return result
        except EOFError:
            self.process.join()
            fault = f"its process exited with status {self.process.exitcode} and sent no result"
            return ProbeResult(fault=fault)
        if time.monotonic() < self.deadline:
            return None
        self.end()
        return ProbeResult(fault=f"gave no result within {limit:.3g} s and was ended", hung=True)

    def end(self) -> None:
        """End the process, and what it started."""
        self.process.terminate()  # twice: at once, since a probe has nothing to save
        self.process.join(0.3)
        self.process.terminate()
        self.process.join(_PATIENCE)


def start_server() -> None:
    """Start the fork server, which loads torch while this process goes on."""
    multiprocessing.get_context("forkserver").set_forkserver_preload(["harness.runs.preload"])
    ensure_running()


def _start(request: Request, *, limit: float) -> _Probe:
    start_server()
    context = multiprocessing.get_context("forkserver")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_run, args=(sender,), kwargs={"request": request}, daemon=True)
    process.start()
    sender.close()  # or the end of the process would not be an end of file here
    return _Probe(process, receiver, time.monotonic() + limit)


def _run(sender: Connection, *, request: Request) -> None:
    """The process of a probe: its output is discarded, because the run will print it again."""
    guard()
    from harness.planning.probe.worker import probe_variant  # the coordinator must not load torch

    with Path(os.devnull).open("w") as null:
        os.dup2(null.fileno(), 1)
        os.dup2(null.fileno(), 2)
    try:
        result = probe_variant(request)
    except HarnessError as error:
        result = ProbeResult(fault="; ".join(str(error).splitlines()))
    except Exception as error:  # noqa: BLE001 - whatever a plugin raises, or divergence
        result = ProbeResult(fault=f"{type(error).__name__}: {error}")
    sender.send(result)
