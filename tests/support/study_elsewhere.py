"""Studies whose runs another system carries out: a hundred short runs, and two long ones."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.contracts import TrainingOutcome
from harness.runs.ledger import MEASUREMENTS, WEIGHTS, Ledger
from harness.runs.lock import holder
from support.live_study import until
from support.tiny_study import COMMAND, TINY

ROOT = Path(__file__).parents[2]
PYTHONPATH = f"{ROOT}{os.pathsep}{ROOT / 'plugins'}"
Bits = dict[str, tuple[bytes, bytes]]  # weights and measurements by run

# Long enough to be killed again and again, with a checkpoint every 50 updates.
_LONG = TINY.replace("seeds: 2", "seeds: 1").replace(
    "updates: 12, batch_tokens: 200, evaluate_every: 4",
    "updates: 700, batch_tokens: 200, evaluate_every: 50",
)
_HUNDRED = """
question: Do a hundred runs come through?
plugins: [plain_descent.py]
baseline:
  dataset: {copy: {train: 8, validation: 2, test: 2, length: 3}}
  tokenizer: word
  model: {d_model: 8, d_ff: 8, heads: 1, layers: 1}
  initializer: xavier_uniform
  regularizers: {dropout: 0.1}
  loss: cross_entropy
  optimizer: plain_descent
  schedule: {constant: {learning_rate: 0.1}}
  decoding_policy: teacher_forcing
  generation: {greedy: {extra: 1}}
  budget: {updates: 3, batch_tokens: 50, evaluate_every: 3}
variants:
  no-dropout: {regularizers: {dropout: off}}
seeds: 50
metrics: []
figures: []
compare: {primary: nll}
trackers: []
"""
# An optimizer of torch imports torch's compiler, which takes longer than all else in these runs.
_PLAIN_DESCENT = '''
import torch
from dataclasses import dataclass
from harness.components import Optimizer
from harness.hookspecs import hookimpl


class Descent(torch.optim.Optimizer):
    def __init__(self, groups):
        self.defaults, self.state = {}, {}
        self.param_groups = [dict(group, lr=0.0) for group in groups]

    def zero_grad(self, set_to_none=True):
        for group in self.param_groups:
            for parameter in group["params"]:
                parameter.grad = None

    def step(self, closure=None):
        with torch.no_grad():
            for group in self.param_groups:
                for parameter in group["params"]:
                    if parameter.grad is not None:
                        parameter.sub_(parameter.grad, alpha=group["lr"])

    def state_dict(self):
        return {}

    def load_state_dict(self, state):
        pass


@dataclass(frozen=True, kw_only=True)
class PlainDescent(Optimizer):
    """Steps against the gradient."""

    name = "plain_descent"

    def build(self, setting):
        return Descent


@hookimpl
def harness_optimizers():
    return [PlainDescent]
'''


def hundred_runs(folder: Path, *, executor: str) -> Path:
    """A study of a hundred runs that take no time."""
    (folder / "plain_descent.py").write_text(_PLAIN_DESCENT)
    return _study(folder, text=_HUNDRED, executor=executor)


def long_runs(folder: Path, *, executor: str) -> Path:
    """A study of two runs that write checkpoints."""
    return _study(folder, text=_LONG, executor=executor)


def _study(folder: Path, *, text: str, executor: str) -> Path:
    path = folder / "study.yaml"
    path.write_text(f"{text}executor: {executor}\n")
    return path


def ledger_of(study: Path) -> Ledger:
    """The ledger of a study that `coordinator` carries out."""
    return Ledger(study.parent / "results" / "runs")


@contextmanager
def coordinator(study: Path) -> Iterator[subprocess.Popen[str]]:
    """`harness run` of a study, killed in the end unless it has ended."""
    command = [*COMMAND, "run", str(study), "--out", str(study.parent / "results")]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def carry_out(study: Path) -> None:
    """Carry a study out to its end, where no run may have failed."""
    with coordinator(study) as process:
        output, _ = process.communicate(timeout=500)
        assert process.returncode == 0, output


def bits(ledger: Ledger) -> Bits:
    """The weights and the measurements of every run."""
    return {
        run.name: ((run / WEIGHTS).read_bytes(), (run / MEASUREMENTS).read_bytes())
        for run in ledger.root.iterdir()
    }


def finished(ledger: Ledger) -> int:
    """The number of runs that have ended."""
    return sum(1 for _ in ledger.root.glob("*/outcome.json"))


def outcomes(ledger: Ledger) -> list[TrainingOutcome | None]:
    """The outcome of every run."""
    return [ledger.outcome(run.name) for run in ledger.root.iterdir()]


def trained_once(ledger: Ledger, *, updates: int) -> bool:
    """True if every run has each measurement once, as two processes would write them twice."""
    return all(
        [line.split(b",")[0] for line in (run / MEASUREMENTS).read_bytes().splitlines()]
        == [b"[%d" % update for update in range(updates + 1)]
        for run in ledger.root.iterdir()
    )


def under_way(ledger: Ledger, *, after: int) -> tuple[Path, int]:
    """A run in progress that is past this update, and its process."""
    found: list[tuple[Path, int]] = []

    def seen() -> bool:
        for run in ledger.root.glob("*"):
            held = holder(run)
            if held and held.pid and ledger.updates(run.name) > after:
                found.append((run, held.pid))
        return bool(found)

    until(seen, seconds=200)
    return found[-1]


def idle(ledger: Ledger) -> bool:
    """True if no run is in progress."""
    return not any(map(holder, ledger.root.iterdir()))


def kill(process: int) -> None:
    """End a process as nothing can prevent."""
    os.kill(process, signal.SIGKILL)


def parent(process: int) -> int:
    """The process that started another one."""
    return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])
