"""Probes as processes of this machine, from the same server that local runs are forked from."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from multiprocessing.connection import Connection, wait
from pathlib import Path

from harness.errors import HarnessError
from harness.planning.forked import LIMIT, Forked, fork
from harness.planning.probe.messages import ProbeResult, Request
from harness.runs.allocation import keep_freed_memory
from harness.study.serialization import resolved_experiment
from harness.study.values import Study


def probe(
    study: Study,
    *,
    names: Sequence[str],
    jobs: int,
    sentences: int,
    limit: float = LIMIT,
    out: Path | None = None,
) -> Mapping[str, ProbeResult]:
    """Probe these experiments with the first seed, `jobs` at once, each in a process of its own.

    Nothing is written but the tokens of a large corpus, in `out`. An experiment that starts from
    another run is probed from scratch; one that cannot be probed has a fault as its result, and so
    has one that takes over `limit` seconds.
    """
    waiting = {
        name: Request(
            # The start need not be trained yet, and changes neither times nor memory.
            experiment={**resolved_experiment(study.experiments[name]), "starts_from": None},
            plugins=tuple(map(str, study.plugins)),
            seed=study.seeds[0],
            sentences=sentences,
            results=out and out.absolute(),
        )
        for name in names
    }
    running: dict[str, Forked] = {}
    results: dict[str, ProbeResult] = {}
    try:
        while waiting or running:
            for name in [*waiting][: jobs - len(running)]:
                running[name] = fork(_answer, request=waiting.pop(name), limit=limit)
            soonest = min(process.deadline for process in running.values())
            receivers = [process.receiver for process in running.values()]
            # Until a result or the first deadline: a probe that hangs sends nothing.
            wait(receivers, max(0.0, soonest - time.monotonic()))
            for name, process in [*running.items()]:
                if result := _result(process, limit=limit):
                    results[name] = result
                    del running[name]
    finally:
        for process in running.values():
            process.terminate()
        for process in running.values():
            process.end()
    return {name: results[name] for name in names}


def _result(probe: Forked, *, limit: float) -> ProbeResult | None:
    """The result, a fault if there will be none, or None if it is still awaited."""
    try:
        if probe.receiver.poll():
            result: ProbeResult = probe.receiver.recv()
            probe.wait()
            return result
    except EOFError:
        return ProbeResult(fault=probe.exit_reason())
    if not probe.overdue:
        return None
    probe.end()
    return ProbeResult(fault=f"gave no result within {limit:.3g} s and was ended", hung=True)


def _answer(sender: Connection, *, request: Request) -> None:
    """The process of a probe."""
    from harness.planning.probe.worker import probe_variant  # the coordinator must not load torch

    keep_freed_memory()  # as a run does, or it would be slower than a run
    try:
        result = probe_variant(request)
    except HarnessError as error:
        result = ProbeResult(fault="; ".join(str(error).splitlines()))
    except Exception as error:  # noqa: BLE001 - whatever a plugin raises, or divergence
        result = ProbeResult(fault=f"{type(error).__name__}: {error}")
    sender.send(result)
