"""Probes as processes of this machine, from the same server that local runs are forked from."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path

from harness.errors import HarnessError
from harness.planning.probe.messages import ProbeResult, Request
from harness.study.serialization import resolved_experiment
from harness.study.values import Study


def probe(
    study: Study, *, names: Sequence[str], jobs: int, sentences: int
) -> Mapping[str, ProbeResult]:
    """Probe these experiments with the first seed, `jobs` at once, each in a process of its own.

    Nothing is written. An experiment that starts from another run is probed from scratch; one that
    cannot be probed has a fault as its result.
    """
    requests = [
        Request(
            experiment={**resolved_experiment(study.experiments[name]), "starts_from": None},
            plugins=tuple(map(str, study.plugins)),
            seed=study.seeds[0],
            sentences=sentences,
        )
        for name in names
    ]
    with ThreadPoolExecutor(jobs) as pool:
        return dict(zip(names, pool.map(_in_process, requests), strict=True))


def _in_process(request: Request) -> ProbeResult:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["harness.runs.worker"])
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_run, args=(sender,), kwargs={"request": request}, daemon=True)
    process.start()
    sender.close()  # or the end of the process would not be an end of file here
    try:
        result: ProbeResult = receiver.recv()
    except EOFError:
        process.join()
        return ProbeResult(
            fault=f"its process exited with status {process.exitcode} and sent no result"
        )
    process.join()
    return result


def _run(sender: Connection, *, request: Request) -> None:
    """The process of a probe: its output is discarded, because the run will print it again."""
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
