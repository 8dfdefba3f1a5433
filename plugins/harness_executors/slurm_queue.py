"""Jobs in the queue of Slurm: submitted by submitit, looked for with `squeue`, without `sacct`."""

from __future__ import annotations

import shutil
import subprocess
import time
import uuid
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from harness.errors import HarnessError
from harness_executors import slurm_job

_ANSWER_WITHIN = 20.0  # seconds
_WAY_OUT = "start the study on a machine of a cluster, or choose executor: local"


class Submitted(NamedTuple):
    """A job by its number, as in ``12_3``, and the folder of its files below that of the queue."""

    folder: str
    number: str


class Queue:
    """The jobs of this and earlier coordinators, whose files are in one folder.

    A file for each run, named after it, has its job. Each coordinator has a folder of its own for
    submitit, since numbers of jobs begin anew when a cluster does. Raises `HarnessError` where
    there is no Slurm.
    """

    def __init__(self, folder: Path, *, parameters: Mapping[str, Any]) -> None:
        self._folder, self._parameters = folder, parameters
        self._own = uuid.uuid4().hex
        self._submitit = _library()
        if not shutil.which("sbatch"):
            raise HarnessError(f"executor slurm: no sbatch on this machine; {_WAY_OUT}")
        try:  # only now: it may be restarting later on
            _run("squeue", "--me", "--noheader")
        except subprocess.CalledProcessError as error:
            fault = _reason(error.stderr)
            raise HarnessError(f"executor slurm: no answer ({fault}); {_WAY_OUT}") from None
        except subprocess.TimeoutExpired:
            raise HarnessError(f"executor slurm: no answer; {_WAY_OUT}") from None

    def submit(self, paths: Sequence[Path]) -> dict[Path, Submitted]:
        """Submit these runs, several of them as an array."""
        # By value: a job that imported our package by name would load torch, for nothing.
        self._submitit.core.utils.cloudpickle.register_pickle_by_value(slurm_job)
        try:
            executor = self._submitit.AutoExecutor(self._folder / self._own, cluster="slurm")
            executor._executor.python += " -P"  # noqa: SLF001 - from no working folder
            executor.update_parameters(**self._parameters)
            with executor.batch():
                jobs = [executor.submit(slurm_job.CarryOut(str(path.absolute()))) for path in paths]
        except (RuntimeError, OSError) as error:
            raise HarnessError(f"executor slurm: {_reason(error)}") from None
        submitted = {
            path: Submitted(self._own, job.job_id) for path, job in zip(paths, jobs, strict=True)
        }
        for path, job in submitted.items():
            (self._folder / path.name).write_text(" ".join(job))
        return submitted

    def recorded(self, paths: Sequence[Path], *, alive: Collection[str]) -> dict[Path, Submitted]:
        """The jobs of runs that an earlier coordinator submitted, and that are still there."""
        jobs = {}
        for path in paths:
            with suppress(OSError, TypeError):
                job = Submitted(*(self._folder / path.name).read_text().split())
                if job.number in alive:
                    jobs[path] = job
        return jobs

    def alive(self) -> frozenset[str] | None:
        """The jobs that wait, run or are about to end; None while Slurm does not answer."""
        try:
            answer = _run("squeue", "--me", "--array", "--noheader", "--format=%i")
        except (subprocess.SubprocessError, OSError):
            return None
        return frozenset(answer.split())

    def result(self, job: Submitted) -> tuple[int | None, str | None]:
        """The exit status of a job's run, or else the fault of the job; neither before its end."""
        paths = self._submitit.core.utils.JobPaths(self._folder / job.folder, job.number)
        try:
            kind, value = self._submitit.core.utils.pickle_load(paths.result_pickle)
        except (OSError, EOFError):
            return None, None
        return (value, None) if kind == "success" else (None, _reason(value))

    def last_words(self, job: Submitted) -> str:
        """The fault of a job that ended without a result, as Slurm says it, if it does."""
        errors = self._submitit.core.utils.JobPaths(self._folder / job.folder, job.number).stderr
        said = _reason(errors.read_text(errors="replace")) if errors.exists() else ""
        return f"job {job.number} of Slurm ended without a result: {said or 'it said nothing'}"

    def forget(self, path: Path, *, job: Submitted) -> None:
        """Remove the files of a job that has ended; those of an array when its last job has."""
        (self._folder / path.name).unlink(missing_ok=True)
        folder = self._folder / job.folder
        for file in folder.glob(f"{job.number}_*"):
            file.unlink(missing_ok=True)
        if not any(folder.glob("*_submitted.pkl")):
            shutil.rmtree(folder, ignore_errors=True)
            with suppress(OSError):  # another coordinator's files
                self._folder.rmdir()

    def cancel(self, jobs: Collection[Submitted], *, patience: float) -> None:
        """End jobs, and wait for that so many seconds."""
        deadline, numbers = time.monotonic() + patience, {job.number for job in jobs}
        with suppress(subprocess.SubprocessError, OSError):
            if numbers:
                _run("scancel", *sorted(numbers))
        while numbers & (self.alive() or set()) and time.monotonic() < deadline:
            time.sleep(0.2)


def _run(*command: str) -> str:
    """The output of a command of Slurm; raises `SubprocessError` or `OSError`."""
    return subprocess.run(  # noqa: S603 - the words are ours
        command, capture_output=True, text=True, check=True, timeout=_ANSWER_WITHIN
    ).stdout


def _library() -> Any:
    try:
        import submitit
    except ImportError:
        raise HarnessError(
            "executor slurm: submitit is not installed; pip install 'transformer-harness[slurm]'"
        ) from None
    return submitit


def _reason(error: object) -> str:
    """The last line of an error that says something."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else ""
