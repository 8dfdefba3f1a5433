"""A study in a notebook: planned, carried out, and its results read, by the pipeline's steps."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any, Required, TypedDict, Unpack

from harness import pipeline
from harness.components.executor import cores
from harness.errors import HarnessError
from harness.loading import load as load_study
from harness.notebook.pictures import keeping_backend
from harness.notebook.study_plan import StudyPlan
from harness.notebook.study_results import StudyResults
from harness.notebook.study_text import STUDY_SUFFIX, write_study
from harness.planned_study import PlannedStudy
from harness.planning import preview
from harness.runs.ledger import Ledger
from harness.runs.planned_run import without_results
from harness.runs.reuse import Reuse
from harness.runs.supervision import Pace
from harness.study.values import Study

_RESULTS = Path("results")  # as the option of every command


@dataclass(frozen=True, kw_only=True)
class NotebookStudy:
    """A study in a file, and the folder of all results; `seeds` replace the study's own.

    The file is read again at every step, as by the commands: a change on disk counts.
    """

    path: Path
    out: Path = _RESULTS
    seeds: int | None = None
    study: Study = field(repr=False)

    @property
    def question(self) -> str:
        """The question of the study."""
        return self.study.question

    def plan(
        self,
        *,
        effect: float | None = None,
        sd: float | None = None,
        probe: bool = False,
        reuse: Reuse | str = Reuse.IDENTICAL,
    ) -> StudyPlan:
        """Preview the study as ``harness plan`` does, and freeze its plan; trains nothing.

        `effect`, `sd`, `probe` and `reuse` are the options of that command. Raises `HarnessError`.
        """
        opened = self._open(reuse)
        question = preview.PowerQuestion(effect=effect, sd=sd)
        with _without_script():
            jobs = min(pipeline.at_once(opened.study, jobs=None), cores()) if probe else None
            planned = pipeline.plan_study(opened, question=question, probe_jobs=jobs)
        return StudyPlan(preregistration=planned)

    def run(
        self,
        *,
        jobs: int | None = None,
        checkpoint_minutes: float = Pace.checkpoint_minutes,
        timeout: float | None = None,
        reuse: Reuse | str = Reuse.IDENTICAL,
    ) -> StudyResults:
        """Train what is missing and write the report, as ``harness run`` does; the results.

        The options are those of that command. Interrupting it ends the runs after their current
        updates, with a checkpoint, from which the next call continues. Raises `HarnessError`.
        """
        pace = Pace(checkpoint_minutes=checkpoint_minutes, timeout_minutes=timeout)
        with _without_script(), keeping_backend():
            summary = pipeline.run_study(
                self.path,
                out=self.out,
                seeds=self.seeds,
                jobs=jobs,
                pace=pace,
                reuse=Reuse(reuse),
            )
        opened = self._open(reuse)
        report = pipeline.inspect_results(opened)
        return StudyResults(report=report, opened=opened, failed=tuple(summary.failed))

    def results(self, *, reuse: Reuse | str = Reuse.SAME_STUDY) -> StudyResults:
        """The results that exist; trains nothing, and records them as inspected.

        Raises `HarnessError` if there are none.
        """
        opened = self._open(reuse)
        if not any(run.exists for run in opened.runs):
            raise HarnessError(without_results(self.path, path=self.path, runs=opened.runs))
        return StudyResults(report=pipeline.inspect_results(opened), opened=opened)

    def _open(self, reuse: Reuse | str) -> PlannedStudy:
        opened = pipeline.open_study(self.path, out=self.out, seeds=self.seeds, reuse=Reuse(reuse))
        pipeline.say_found_elsewhere(opened)
        return opened

    def _repr_html_(self) -> str:
        names = ", ".join(self.study.variants)
        seeds = ", ".join(map(str, self.study.seeds))
        lines = [f"<b>{escape(self.question)}</b>", escape(f"{self.path}: {names}; seeds {seeds}")]
        return f"<p>{'<br>'.join(lines)}</p>"


def load(
    path: str | Path, *, out: str | Path = _RESULTS, seeds: int | None = None
) -> NotebookStudy:
    """The study in a YAML file; its results are in the folder `out`.

    `seeds`, if given, stands for 1 to that number, in place of the study's. Raises `StudyError`, a
    `HarnessError`, with every fault of the file.
    """
    path = Path(path)
    study, _ = load_study(path, seeds=seeds)
    preview.refuse_unequal(study, runs=(), ledger=Ledger(Path()))
    return NotebookStudy(path=path, out=Path(out), seeds=seeds, study=study)


class Keys(TypedDict, total=False):
    """The keys of a study, as its file has them; values are plain data."""

    question: Required[str]
    baseline: Mapping[str, Any]  # required, as are seeds, unless an included file has them
    variants: Mapping[str, Any]
    grid: Mapping[str, Sequence[Any]]
    factors: Mapping[str, Mapping[str, Any]]
    datasets: Mapping[str, Any]
    seeds: int | Sequence[int] | Mapping[str, Any]
    metrics: Sequence[Any]
    pretraining: Mapping[str, Any]
    figures: Sequence[Any]
    compare: Mapping[str, Any]
    tune: Mapping[str, Any]
    executor: Any
    trackers: Sequence[Any]
    plugins: Sequence[str]
    include: str | Sequence[str]


def define(
    name: str = "study",
    *,
    folder: str | Path = ".",
    out: str | Path = _RESULTS,
    **keys: Unpack[Keys],
) -> NotebookStudy:
    """The study that consists of these keys, as a YAML file has them: question, baseline, ...

    It is written to ``NAME.yaml`` in `folder`, so that commands, archives and colleagues have it
    too; a file that was not written from Python is never replaced. Raises `HarnessError` for a
    value that no file can hold, and with the faults that the file would have.
    """
    path = Path(folder) / f"{name}{STUDY_SUFFIX}"
    write_study(path, keys=keys)
    return load(path, out=out)


@contextmanager
def _without_script() -> Iterator[None]:
    """Keep the processes of runs from executing the caller's script, whose functions none needs.

    A script that is not guarded by ``if __name__ == "__main__"`` would carry the study out again
    in each of them.
    """
    script: dict[str, Any] = vars(sys.modules["__main__"])
    kept = {name: value for name, value in script.items() if name in ("__file__", "__spec__")}
    # Without the name, and not with None for it, as in a notebook, which libraries know.
    script.pop("__file__", None)
    script["__spec__"] = None
    try:
        yield
    finally:
        script.update(kept)
