"""A rank: one of the processes that train a run together.

The launcher starts `perform_rank` with the run's folder and another, where ranks meet and leave
their faults, as arguments, and with the number of the rank in the environment. The first rank does
what the process of a run does alone; the others compute along, and write nothing.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import NoReturn

import torch
from torch import distributed

from harness.contracts import Run
from harness.errors import HarnessError
from harness.hookspecs import hookimpl
from harness.notices import notify_user
from harness.runs import records
from harness.runs.launch import LOST
from harness.runs.pretrained import RunLoader
from harness.runs.records import RunIdentity
from harness.runs.run_hook import call_hook
from harness.runs.stopping import JointStop
from harness.runs.supervision import STOPPING, end_with_parent
from harness.runs.worker import Training, carry_out
from harness.search_path import leave_working_folder
from harness.training import checkpoint
from harness.training.assembly import Assembly
from harness.training.divergence import Diverged
from harness.training.loop import Update, train
from harness.training.ranks import RankGroup, RankLost

_PATIENCE = timedelta(days=1)  # for the others: `--timeout` says what is too long for a run
_LINGER = 2.0  # seconds
_LOOPBACK = {"darwin": "lo0"}  # ranks are on one machine, and no other is to reach them


def perform_rank() -> NoReturn:
    """Train as one rank, and end this process."""
    code = _perform_arguments()
    sys.stdout.flush()
    sys.stderr.flush()
    # Without the interpreter's end: to take torch down takes a second or two, of the few in which a
    # run is to stop.
    os._exit(code)


def _perform_arguments() -> int:
    """Train, as one rank, the run in a folder, the first argument; returns an exit status."""
    leave_working_folder()
    end_with_parent()
    path, folder = map(Path, sys.argv[1:])
    rank = int(os.environ["RANK"])
    if rank:
        # Not the log, which would say all as often as there are ranks; shown there after a fault.
        _redirect(folder / f"rank-{rank}.txt")
    try:
        _perform(path, folder=folder, rank=rank, count=int(os.environ["WORLD_SIZE"]))
    except RankLost:
        for number in STOPPING:
            signal.signal(number, signal.SIG_DFL)
        time.sleep(_LINGER)  # the launcher, which knows which rank was the first, ends this one
        return LOST
    except SystemExit as end:
        notify_user(str(end.code))
        return _tell(str(end.code), folder=folder, rank=rank)
    except HarnessError as error:
        if error.__cause__:  # raised in a plugin, whose author needs the traceback
            traceback.print_exc()
        return _tell("; ".join(str(error).splitlines()), folder=folder, rank=rank)
    except Exception as error:  # noqa: BLE001 - told as the interpreter would
        traceback.print_exc()
        fault = traceback.format_exception_only(error)[-1].strip()
        return _tell(fault, folder=folder, rank=rank)
    return 0


def _redirect(file: Path) -> None:
    output = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(output, 1)
    os.dup2(output, 2)


def _tell(fault: str, *, folder: Path, rank: int) -> int:
    """Leave a fault for the launcher, which says it in the log; returns the exit status."""
    (folder / f"fault-{rank}.json").write_text(json.dumps(fault))
    return 1


def _perform(path: Path, *, folder: Path, rank: int, count: int) -> None:
    """Carry the run out as the first rank, or compute along with it."""
    budget = records.require(path / "run.json", kind=RunIdentity).experiment["budget"]
    # In the identity only where it decides the bits.
    exact, device = "parallel" not in budget, budget["device"]
    ranks = RankGroup(rank=rank, count=count, device=device, exact=exact)
    joint = _Joint(ranks)
    for number in STOPPING:
        signal.signal(number, joint.stop)
    _join(ranks, folder=folder)
    if rank == 0:
        training = Training(joint.resume, joint.updates)
        carry_out(path, stop=joint.stop, training=training)
    else:
        runs = RunLoader.beside(path)
        call_hook(_Follower(runs, joint), path=path, plugins=runs.plugins)
    joint.end()
    # Gloo's threads, left running, now and then abort the interpreter's end.
    distributed.destroy_process_group()


def _join(ranks: RankGroup, *, folder: Path) -> None:
    """Connect this rank with the others."""
    if ranks.device == "cuda":
        torch.cuda.set_device(ranks.rank % max(1, torch.cuda.device_count()))
    os.environ.setdefault("GLOO_SOCKET_IFNAME", _LOOPBACK.get(sys.platform, "lo"))
    distributed.init_process_group(
        "nccl" if ranks.device == "cuda" else "gloo",
        init_method=f"file://{folder}/store",
        rank=ranks.rank,
        world_size=ranks.count,
        timeout=_PATIENCE,
    )


class _Joint:
    """The training of a run by several ranks, as one of them does it."""

    def __init__(self, ranks: RankGroup) -> None:
        self._ranks, self._begun = ranks, False
        self.stop = JointStop(lambda asked: ranks.any_rank(has=asked))

    def begin(self, *, trains: bool) -> bool:
        """True if the first rank trains, which it may find needless; every rank asks once."""
        self._begun = True
        return self._ranks.any_rank(has=trains)

    def end(self) -> None:
        """Tell the others that nothing was to train, unless it was."""
        if not self._begun and self.begin(trains=False):
            raise HarnessError(
                f"a plugin carried out the run in the place of rank {self._ranks.rank} only"
            )

    def resume(self, parts: Assembly, *, path: Path) -> int:
        """Go back to the last checkpoint: the first rank makes the files fit, then all read it."""
        if self._ranks.rank == 0:
            self.begin(trains=True)
            after = checkpoint.resume(parts, path=path)
            self._ranks.wait()
        else:
            self._ranks.wait()
            after = checkpoint.follow(parts, path=path)
        self._ranks.refuse_difference(parts, update=after)
        return after

    def updates(self, parts: Assembly, *, after: int) -> Iterator[Update]:
        """Train as `train` does; a signal to one rank is one to all."""
        budget = parts.experiment.budget
        for update in train(parts, after=after, accumulate=self._ranks.accumulate):
            if update.number % budget.evaluate_every == 0 or update.number == budget.updates:
                self._ranks.refuse_difference(parts, update=update.number)
            self.stop.end_update()
            yield update


class _Follower:
    """The implementation of `harness_run` in all ranks but the first."""

    def __init__(self, runs: RunLoader, joint: _Joint) -> None:
        self._runs, self._joint = runs, joint

    @hookimpl(trylast=True)
    def harness_run(self, run: Run) -> bool:
        """Compute along with the first rank, and end where it ends."""
        location = self._runs.ledger.location(run.digest)
        experiment = self._runs.experiment(run.digest, generation=location.generation)
        checkpoint.settle(experiment.budget)
        parts = self._runs.assemble(experiment, seed=run.seed)
        joint = self._joint
        if joint.begin(trains=False):
            with joint.stop.between_updates(), suppress(Diverged):
                after = joint.resume(parts, path=run.path)
                for _ in joint.updates(parts, after=after):
                    joint.stop.leave("stopped")
        return True
