"""A tiny study whose variants start from pretrained runs, executed in this process."""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from harness.components import Executor
from harness.contracts import Jobs
from harness.pipeline import open_study
from harness.planned_study import PlannedStudy
from harness.runs.execution import Ended, execute
from harness.runs.worker import perform

ADAPTING = """
question: Does pretraining help?
baseline:
  dataset: {copy: {train: 8, validation: 4, test: 4, symbols: 4}}
  tokenizer: word
  model: {d_model: 8, d_ff: 16, heads: 2, layers: 1}
  initializer: xavier_uniform
  regularizers: {dropout: 0.1}
  loss: cross_entropy
  optimizer: adam
  schedule: {constant: 1.0e-2}
  decoding_policy: teacher_forcing
  generation: {greedy: {extra: 1}}
  budget: {updates: 4, batch_tokens: 60, evaluate_every: 2}
  starts_from: general
pretraining:
  general: {dataset: {copy: {train: 24, validation: 4, test: 4}}, averaging: {ema: 0.5}}
variants:
  no-dropout: {regularizers: {dropout: off}}
  slower: {schedule: {constant: 1.0e-3}}
seeds: 1
figures: []
trackers: []
"""

# The variant `drafted` differs from the baseline in its decoding only.
DRAFTED = ADAPTING.replace(
    "variants:",
    """  small:
    dataset: {copy: {train: 24, validation: 4, test: 4}}
    model: {d_model: 4}
variants:
  drafted: {generation: {drafting: small}}""",
).replace("seeds: 1", "plugins: [./drafting.py]\nseeds: 1")

DRAFTING = '''
from dataclasses import dataclass

from harness.components import Generation
from harness.components.options import TrainedRun
from harness.hookspecs import hookimpl


@dataclass(frozen=True, kw_only=True)
class Drafting(Generation):
    """Generates one token, the likeliest first one of a draft model."""

    name = "drafting"
    bare = "draft"
    draft: TrainedRun

    def build(self, setting):
        draft = setting.trained(self.draft)

        def generate(model, source, *, sentences):
            hidden = draft.decode(draft.embed(source[:, :1]), draft.encode(source))
            return draft.project(hidden)[..., 4:].argmax(-1).add(4).tolist()

        return generate


@hookimpl
def harness_generations():
    return [Drafting]
'''


@dataclass(frozen=True, kw_only=True)
class Here(Executor):
    """Executes runs one after another in this process."""

    name = "here"

    def build(self, *, jobs: int) -> Jobs:
        """One run at a time, regardless of `jobs`."""
        return HereJobs()


@dataclass
class HereJobs:
    """Runs in this process; the log of a run is its traceback."""

    capacity: int = 1
    _ended: list[tuple[Path, int]] = field(default_factory=list)
    _logs: dict[Path, str] = field(default_factory=dict)

    def submit(self, path: Path) -> None:
        """Execute the run at once."""
        try:
            perform(path)
        except Exception:  # noqa: BLE001 - a process would fail alike on any exception
            self._logs[path] = traceback.format_exc()
        self._ended.append((path, 1 if path in self._logs else 0))

    def poll(self) -> Iterator[tuple[Path, int]]:
        """The runs submitted since the last call."""
        while self._ended:
            yield self._ended.pop()

    def cancel(self) -> None:
        """Do nothing: no run is ever in progress."""

    def logs(self, path: Path) -> str:
        """The traceback."""
        return self._logs.get(path, "")


def carried_out(path: Path, *, text: str = ADAPTING) -> tuple[PlannedStudy, Sequence[Ended]]:
    """Write a study, execute its runs, and return it with how they ended."""
    path.write_text(text, encoding="utf-8")
    (path.parent / "drafting.py").write_text(DRAFTING, encoding="utf-8")
    opened = open_study(path, out=path.parent / "results", seeds=None)
    polls = execute(opened.plan, executor=Here(), jobs=1, ledger=opened.ledger)
    return opened, [run for poll in polls for run in poll.ended]
