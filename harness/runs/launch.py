"""The launch of a run's ranks by torch's elastic agent, from the process that holds the run."""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from harness.errors import HarnessError
from harness.runs.ledger import Ledger

if TYPE_CHECKING:
    from torch.distributed.elastic.multiprocessing.errors import ProcessFailure

LOST = 75  # exit status of a rank that ends because another one has: EX_TEMPFAIL of sysexits.h
_POLL_EVERY = 0.1  # seconds


def ranks_to_start(path: Path) -> int:
    """The number of processes that are to train the run in this folder; 1 if it is trained."""
    ledger, run = Ledger(path.parent), path.name
    trained = ledger.status(run) == "finished" and ledger.weights(run) and not ledger.damage(run)
    if trained and not ledger.damaged_weights(run):
        return 1
    identity = ledger.identity(run)
    # There only where the number decides the bits.
    parallel = identity.experiment["budget"].get("parallel") if identity else None
    return int(parallel["data"]) if parallel else ledger.location(run).ranks


def start_ranks(path: Path, *, count: int) -> None:
    """Carry out a run by so many ranks; all of them end with the first that fails.

    Raises `HarnessError` with the fault of that one, and `SystemExit` after a signal.
    """
    # Here: it takes most of a second, which runs of one process need not spend.
    from torch.distributed.elastic.multiprocessing.api import DefaultLogsSpecs, SignalException
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.launcher.api import LaunchConfig, elastic_launch

    # What it reports of failed processes is said below, in one line.
    for name in [*logging.root.manager.loggerDict]:
        if name.startswith("torch.distributed.elastic"):  # each has a level of its own
            logging.getLogger(name).setLevel(logging.CRITICAL)
    with TemporaryDirectory(prefix="harness-ranks-") as folder:
        config = LaunchConfig(
            min_nodes=1,
            max_nodes=1,
            nproc_per_node=count,
            run_id=path.name,
            rdzv_backend="c10d",
            # A file that only this user can read: a port would be open to all who reach it.
            rdzv_endpoint=f"{folder}/rendezvous",
            rdzv_configs={"store_type": "file"},
            max_restarts=0,  # a run that needs more memory than there is must fail in the end
            monitor_interval=_POLL_EVERY,
            local_addr="localhost",
            logs_specs=DefaultLogsSpecs(log_dir=folder),
        )
        try:
            elastic_launch(config, sys.executable)("-P", "-c", _start(), str(path), folder)
        except SignalException:
            # The first rank has said in the log at which update.
            sys.exit(1)
        except ChildFailedError as error:
            raise HarnessError(_fault(error.failures, folder=Path(folder), count=count)) from None


def _start() -> str:
    """The program of a rank, which imports from where this process does."""
    return (
        f"import sys; sys.path[:] = {sys.path!r}; sys.argv[0] = 'rank';"
        " from harness.runs.rank import perform_rank; perform_rank()"
    )


def _fault(failures: dict[int, ProcessFailure], *, folder: Path, count: int) -> str:
    """The fault of the rank that failed first, with what it printed on standard error."""
    rank, failure = min(failures.items(), key=lambda item: _consequence(item[1].exitcode))
    for file in folder.glob(f"rank-{rank}.txt"):
        os.write(2, file.read_bytes())
    try:
        return str(json.loads((folder / f"fault-{rank}.json").read_text()))
    except (FileNotFoundError, ValueError):  # it had no time to write one
        pass
    end = f"ended with exit status {failure.exitcode}"
    if failure.exitcode < 0:
        name = signal.Signals(-failure.exitcode).name
        hint = ", possibly out of memory" if name == "SIGKILL" else ""
        end = f"was killed by {name}{hint}"
    return f"rank {rank} of {count} (process {failure.pid}) {end}"


def _consequence(status: int) -> int:
    """The order of failures: a death, a fault, what follows from the end of another rank."""
    follows = status in (LOST, -signal.SIGTERM)
    return 2 if follows else int(status > 0)
