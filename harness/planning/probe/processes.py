"""Probes as processes of this machine, from the same server that local runs are forked from."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path

from harness.errors import HarnessError
from harness.planning.probe.messages import Probed, Request
from harness.study.serialization import resolved_experiment
from harness.study.values import Study


def probe(study: Study, *, names: Sequence[str], jobs: int, sentences: int) -> Mapping[str, Probed]:
    """Try these experiments with the first seed, `jobs` at once, each in a process of its own.

    Nothing is written. What starts from another run is tried as if it began anew, and what cannot
    be tried has a fault for an answer.
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
        return dict(zip(names, pool.map(_in_a_process, requests), strict=True))


def _in_a_process(request: Request) -> Probed:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["harness.runs.worker"])
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(
        target=_answer, args=(theirs,), kwargs={"request": request}, daemon=True
    )
    process.start()
    theirs.close()
    try:
        answer: Probed = ours.recv()
    except EOFError:
        process.join()
        return Probed(fault=f"its process ended with status {process.exitcode}")
    process.join()
    return answer


def _answer(to: Connection, *, request: Request) -> None:
    """The process: what it prints goes nowhere, because the run will print it again."""
    from harness.planning.probe.worker import tried  # the coordinator must not load torch

    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        os.dup2(nowhere.fileno(), 2)
    try:
        answer = tried(request)
    except HarnessError as error:
        answer = Probed(fault="; ".join(str(error).splitlines()))
    except Exception as error:  # noqa: BLE001 - a plugin's, or that it diverged
        answer = Probed(fault=f"{type(error).__name__}: {error}")
    to.send(answer)
