"""The coordinator by itself: a study of thousands of runs that cost nothing.

``python benchmarks/coordinator.py [--runs 10000] [--capacity 64] [--mlflow]`` prints the rows of
``scale.md``. One run is trained; the executor of all others writes its files with other scores, so
that what is measured is what the program adds to every run: plan, requests, polls, progress,
trackers, findings and report. It works in a temporary folder, and each command is a process.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

VARIANTS = 20

STUDY = """
question: What does the program add to a run?
plugins: [./stub.py]
executor: {{stub: {{places: {places}}}}}
{trackers}
baseline:
  dataset: {{copy: {{symbols: 6, train: 8, validation: 4, test: 4}}}}
  tokenizer: char
  model: {{d_model: 8, d_ff: 8, heads: 1, layers: 1}}
  initializer: xavier_uniform
  loss: cross_entropy
  optimizer: adam
  schedule: {{constant: 1.0e-3}}
  decoding_policy: teacher_forcing
  generation: greedy
  budget: {{updates: 4, batch_tokens: 64, evaluate_every: 4}}
variants:
{variants}
seeds: {seeds}
metrics: []
figures: []
"""

STUB = '''
"""An executor whose runs cost nothing: each is a copy of the first, with a score of its own."""

import hashlib
import shutil
from dataclasses import dataclass, field, replace
from pathlib import Path

from harness.components import Executor
from harness.contracts import Evaluation, TrainingOutcome
from harness.hookspecs import hookimpl
from harness.runs import records


@dataclass(frozen=True, kw_only=True)
class Stub(Executor):
    """Writes the files of a finished run."""

    name = "stub"
    places: int = 64

    def at_once(self, jobs, *, device):
        """As many as there are places."""
        return self.places

    def build(self, *, jobs):
        """The jobs."""
        return StubJobs(jobs)


@dataclass
class StubJobs:
    """Runs that have ended as soon as they are submitted."""

    capacity: int
    ended: list = field(default_factory=list)
    first: list = field(default_factory=list)

    def submit(self, path):
        """Carry out the first run, and copy it for the others."""
        if self.first:
            self._copy(path)
        else:
            from harness.runs.worker import perform  # here: it loads torch

            perform(path)
            self._keep(path)
        self.ended.append(path)

    def _keep(self, path):
        names = ["measurements.jsonl", "weights.pt"]
        self.files = {name: (path / name).read_bytes() for name in names}
        self.outcome = records.require(path / "outcome.json", kind=TrainingOutcome)
        (folder,) = (path / "evaluations").iterdir()
        names = ["hypotheses.jsonl", "by_sentence.json"]
        self.decoded = {name: (folder / name).read_bytes() for name in names}
        self.evaluation = records.require(folder / "outcome.json", kind=Evaluation)
        self.first.append(path)

    def _copy(self, path):
        for name, content in self.files.items():
            (path / name).write_bytes(content)
        (folder,) = (path / "evaluations").iterdir()
        for name, content in self.decoded.items():
            (folder / name).write_bytes(content)
        noise = int(hashlib.sha256(path.name.encode()).hexdigest()[:8], 16) / 2**32
        scores = {name: value and value + noise for name, value in self.evaluation.scores.items()}
        # Without the fsyncs of a worker, which are none of the coordinator's work.
        for file, record in (
            (folder / "outcome.json", replace(self.evaluation, scores=scores)),
            (path / "outcome.json", self.outcome),
        ):
            file.write_text(records.line(record).rstrip())

    def poll(self):
        """All that were submitted."""
        ended, self.ended = self.ended, []
        yield from ((path, 0) for path in ended)

    def cancel(self):
        """Nothing to end."""

    def logs(self, path):
        """No output."""
        return ""


@hookimpl
def harness_executors():
    """The stub."""
    return [Stub]
'''

COMMAND = """
import json, resource, sys, time
from harness.cli import main

started = time.perf_counter()
try:
    main(sys.argv[1:])
finally:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    seconds = time.perf_counter() - started
    print(json.dumps([seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024]))
"""


def command(*words: str) -> tuple[float, float, float]:
    """Seconds, seconds of the processor, and the largest memory in MiB of one command."""
    done = subprocess.run(
        [sys.executable, "-c", COMMAND, *words], check=False, capture_output=True, text=True
    )
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    seconds, processor, memory = json.loads(done.stdout.splitlines()[-1])
    return seconds, processor, memory


def study(*, runs: int, places: int, mlflow: bool) -> str:
    """A study of that many runs, its variants with other learning rates."""
    rates = [
        f"  rate-{number}: {{schedule: {{constant: {number}.0e-5}}}}"
        for number in range(1, VARIANTS)
    ]
    return STUDY.format(
        places=places,
        trackers="" if mlflow else "trackers: []",
        variants="\n".join(rates),
        seeds=max(1, runs // VARIANTS),
    )


def measure(*, runs: int, places: int, mlflow: bool) -> None:
    """Print a row per command."""
    with tempfile.TemporaryDirectory() as folder:
        path, out = Path(folder) / "scale.yaml", Path(folder) / "results"
        path.write_text(study(runs=runs, places=places, mlflow=mlflow))
        path.with_name("stub.py").write_text(STUB)
        words = (str(path), "--out", str(out))
        for name, arguments in (
            ("plan, nothing run yet", ("plan", *words)),
            ("run", ("run", *words)),
            ("plan, all finished", ("plan", *words)),
            ("run, all finished", ("run", *words)),
            ("report", ("report", *words)),
        ):
            seconds, processor, memory = command(*arguments)
            each = 1000 * seconds / runs
            numbers = f"{seconds:.1f} | {processor:.1f} | {each:.2f} | {memory:.0f}"
            print(f"| {name} | {runs:,} | {numbers} |", flush=True)


def main() -> None:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, nargs="+", default=[1_000, 10_000])
    parser.add_argument("--places", type=int, default=64, help="runs at once")
    parser.add_argument("--mlflow", action="store_true", help="copy every run to MLflow as well")
    options = parser.parse_args()
    print("| command | runs | seconds | of the processor | ms a run | MiB at most |")
    print("|---|---:|---:|---:|---:|---:|")
    for runs in options.runs:
        measure(runs=runs, places=options.places, mlflow=options.mlflow)


if __name__ == "__main__":
    main()
