"""A Slurm cluster of this machine alone, with two processors."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from support.live_study import until

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue")
_CONFIGURATION = """
ClusterName=tests
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller}
SlurmdPort={daemon}
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SchedulerParameters=batch_sched_delay=0,sched_min_interval=100000,sched_interval=1
ReturnToService=2
KillWait=8
NodeName={host} NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


def missing() -> str:
    """The reason why there can be no Slurm here; empty if there can."""
    if os.getuid() != 0:
        return "a Slurm for tests is started by root"
    absent = [program for program in PROGRAMS if not shutil.which(program)]
    return f"{', '.join(absent)} not here: apt-get install slurm-wlm munge" if absent else ""


@dataclass
class Machine:
    """The daemons of the cluster by their names."""

    folder: Path
    daemons: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str, *options: str) -> None:
        """Start a daemon, or start it again."""
        with (self.folder / f"{name}.out").open("ab") as output:
            self.daemons[name] = subprocess.Popen([name, *options], stdout=output, stderr=output)

    def kill(self, name: str) -> None:
        """End a daemon as nothing can prevent."""
        self.daemons[name].kill()
        self.daemons[name].wait()


@contextmanager
def running() -> Iterator[Machine]:
    """The cluster, ready for jobs, by the configuration in SLURM_CONF."""
    with tempfile.TemporaryDirectory(prefix="slurm", ignore_cleanup_errors=True) as place:
        machine, folder = Machine(Path(place)), Path(place)
        for name in ("state", "spool"):
            (folder / name).mkdir()
        (folder / "munge.key").write_bytes(secrets.token_bytes(1024))
        (folder / "munge.key").chmod(0o400)
        (folder / "slurm.conf").write_text(
            _CONFIGURATION.format(
                host=socket.gethostname(), folder=folder, controller=_port(), daemon=_port()
            )
        )
        files = ("key-file", "socket", "pid-file", "log-file", "seed-file")
        options = [f"--{name}={folder}/munge.{name.split('-')[0]}" for name in files]
        os.environ["SLURM_CONF"] = str(folder / "slurm.conf")
        try:
            machine.start("munged", "--foreground", "--force", *options)
            until((folder / "munge.socket").exists)
            machine.start("slurmctld", "-D")
            machine.start("slurmd", "-D")
            until(lambda: asked("sinfo", "--noheader", "--format=%T") in ("idle", "mixed"))
            yield machine
        finally:
            with suppress(OSError):
                asked("scancel", "--me", "--signal=KILL", "--full")
                until(lambda: not asked("squeue", "--noheader"), seconds=20)
            del os.environ["SLURM_CONF"]
            for daemon in machine.daemons.values():
                daemon.terminate()
                daemon.wait()


def asked(*command: str) -> str:
    """The output of a command of Slurm."""
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def _port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
