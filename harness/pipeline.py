"""The whole program on one screen: load, plan, carry out, conclude, report."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from pathlib import Path

from harness import describing, report, results
from harness.catalog import Catalog
from harness.conclusion import conclude
from harness.contracts import RunView, StudyView
from harness.discovery import Plugins, discover, observe
from harness.errors import Fault, StudyError
from harness.execution import execute
from harness.ledger import Ledger
from harness.loading import load, plugins_named_in
from harness.planning import PlannedRun, plan
from harness.progress import watching
from harness.study import Study

_SYNC_EVERY = 2.0  # seconds


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A study, planned, with everything that answers questions about it."""

    study: Study
    plugins: Plugins
    ledger: Ledger
    folder: Path
    runs: tuple[PlannedRun, ...]
    command: str

    def tell(self, hook: str, **facts: object) -> None:
        """Tell the observers; one that raises is named on the screen and changes nothing."""
        arguments = {"study": self._view(), "ledger": self.ledger, **facts}
        for complaint in observe(self.plugins, hook=hook, arguments=arguments):
            sys.stderr.write(f"warning: {complaint}\n")

    def _view(self) -> StudyView:
        return StudyView(
            name=self.study.name,
            question=self.study.question,
            path=self.folder,
            runs=[self.view(run) for run in self.runs],
        )

    def view(self, run: PlannedRun) -> RunView:
        """A run as observers see it."""
        return RunView(run.variant, run.seed, run.digest, self.ledger.run(run.digest))


def open_study(path: Path, *, out: Path, seeds: int | None) -> Opened:
    """Load a study and plan its runs; raises `StudyError` with every fault."""
    study, plugins = load(path, seeds=seeds)
    folder = results.study_folder(study, out=out)
    ledger = Ledger(out / "runs")
    return Opened(
        study=study,
        plugins=plugins,
        ledger=ledger,
        folder=folder,
        runs=plan(study, plugins=plugins, ledger=ledger, previous=results.previous_plan(folder)),
        command=describing.command(path, out=out, seeds=seeds),
    )


def run_study(path: Path, *, out: Path, seeds: int | None, jobs: int) -> describing.Summary:
    """Answer the question that a study asks, training only what does not exist yet."""
    opened = open_study(path, out=out, seeds=seeds)
    results.remember(opened.study, runs=opened.runs, folder=opened.folder)
    opened.tell("harness_study_started")
    failed = _carry_out(opened, jobs=jobs)
    opened.tell("harness_sync")
    summary = write_report(opened, failed=failed)
    opened.tell("harness_study_ended")
    return summary


def _carry_out(opened: Opened, *, jobs: int) -> dict[str, str]:
    """Train and decode; the reason of every run that failed, by its digest."""
    by_digest = {run.digest: run for run in reversed(opened.runs)}
    updates = {run.digest: opened.study.variants[run.variant].budget.updates for run in opened.runs}
    failed, synced = {}, time.monotonic()
    executor = opened.study.executor.build(jobs=jobs)
    with watching(opened.runs, ledger=opened.ledger, updates=updates) as watch:
        for ended in execute(opened.runs, jobs=executor, ledger=opened.ledger):
            watch(ended)
            if time.monotonic() - synced > _SYNC_EVERY:
                opened.tell("harness_sync")
                synced = time.monotonic()
            for each in ended:
                opened.tell("harness_run_ended", run=opened.view(by_digest[each.digest]))
                if each.reason:
                    failed[each.digest] = each.reason
    return failed


def write_report(opened: Opened, *, failed: dict[str, str]) -> describing.Summary:
    """Conclude from what is in the ledger, and write it down."""
    concluded = conclude(
        opened.study, runs=opened.runs, ledger=opened.ledger, command=opened.command
    )
    figures = opened.study.figures
    drawings = [*report.draw(figures, view=concluded.view, folder=opened.folder / "figures")]
    for drawing in drawings:
        if drawing.fault:
            sys.stderr.write(f"warning: {drawing.fault}\n")
    path = report.write(concluded, folder=opened.folder, drawings=drawings)
    reasons = [
        f"{run.variant}, seed {run.seed}: {failed[run.digest]}"
        for run in opened.runs
        if run.digest in failed
    ]
    return describing.summary(concluded, path=path, failed=reasons)


def validate(path: Path) -> tuple[Fault, ...]:
    """Everything that is wrong with a study."""
    try:
        load(path)
    except StudyError as error:
        return error.faults
    return ()


def catalog(study: Path | None = None) -> Catalog:
    """All that the installed plugins offer, and those that a study names as files."""
    return Catalog.of(plugins_named_in(study) if study else discover())
