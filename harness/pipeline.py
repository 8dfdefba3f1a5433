"""The whole program on one screen: load, plan, carry out, conclude, report."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from pathlib import Path

from harness import report
from harness.contracts import StudyView
from harness.errors import Fault, StudyError
from harness.loading import load, plugins_for
from harness.planning import probe
from harness.planning.plan import plan
from harness.planning.preview import (
    PowerQuestion,
    Preregistration,
    idle,
    preregister,
    refuse_unequal,
    resolution,
)
from harness.planning.seed_stopping import runs_due
from harness.planning.tuning import tuning_results, tuning_runs, with_tuned_options
from harness.registry.attribution import fault_line, naming_plugins
from harness.registry.catalog import Catalog
from harness.registry.discovery import Plugins, discover, observe
from harness.report import Report, Trials, terminal
from harness.report.build import build_report
from harness.report.inspection_log import record_inspection
from harness.runs import study_folder
from harness.runs.execution import execute
from harness.runs.ledger import Ledger
from harness.runs.planned_run import PlannedRun, Previous
from harness.runs.progress import watching
from harness.study.values import Study
from harness.tracking.followers import Followers, copy_to_trackers, tracker_page
from harness.tracking.views import study_view

_SYNC_EVERY = 4.0  # seconds
_SENTENCES = 64  # translated by a probe that is to tell how long that takes
_HURRY = 10.0  # seconds that trackers are given when a study is interrupted


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A study, planned, with everything that answers questions about it."""

    study: Study
    plugins: Plugins
    ledger: Ledger
    folder: Path
    plan: tuple[PlannedRun, ...]
    command: str
    tuning: Trials | None = None

    @property
    def runs(self) -> tuple[PlannedRun, ...]:
        """The runs that are compared: those of the variants, without what they start from."""
        return tuple(run for run in self.plan if not run.start)

    def tell(self, hook: str, **facts: object) -> None:
        """Tell the observers; one that raises is named on the screen and changes nothing."""
        arguments = {"study": self.view(), "ledger": self.ledger, **facts}
        for fault in observe(self.plugins, hook=hook, arguments=arguments):
            sys.stderr.write(f"warning: {fault}\n")

    def view(self, report: Report | None = None) -> StudyView:
        """The study as observers see it, with what was found once there is a report."""
        return study_view(
            self.study, runs=self.runs, ledger=self.ledger, folder=self.folder, report=report
        )

    def find(self) -> Report:
        """What is to be said of what is in the ledger."""
        concluded = build_report(
            self.study,
            runs=self.runs,
            ledger=self.ledger,
            plugins=self.plugins,
            command=self.command,
        )
        return replace(concluded, tuning=self.tuning)

    def conclude(self) -> Report:
        """The same, written down as the study's report; this is a look at the results."""
        concluded = self.find()
        inspections = record_inspection(concluded, runs=self.runs, folder=self.folder)
        concluded = replace(concluded, inspections=inspections)
        figures, drawn = self.study.figures, self.folder / "figures"
        drawings = [*report.draw(figures, view=concluded.view, folder=drawn)]
        for drawing in drawings:
            if drawing.fault:
                fault = fault_line(self.plugins, error=drawing.fault)
                sys.stderr.write(f"warning: {fault}\n")
        report.write(concluded, folder=self.folder, drawings=drawings)
        return concluded

    @property
    def out(self) -> Path:
        """The folder of all results."""
        return self.folder.parent


def open_study(path: Path, *, out: Path, seeds: int | None) -> Opened:
    """Load a study and plan its runs; raises `StudyError` with every fault."""
    study, plugins = load(path, seeds=seeds)
    folder = study_folder.study_folder(study, out=out)
    ledger = Ledger(out / "runs")
    opened = Opened(
        study=study,
        plugins=plugins,
        ledger=ledger,
        folder=folder,
        plan=(),
        command=terminal.command(path, out=out, seeds=seeds),
    )
    return _planned(opened, previous=study_folder.previous_plan(folder))


def _planned(opened: Opened, *, previous: Previous) -> Opened:
    """With the runs that the study needs next: those of its tuning, or its own."""
    study, plugins, ledger = opened.study, opened.plugins, opened.ledger
    tried = tuning_runs(study, plugins=plugins, ledger=ledger, previous=previous)
    if not all(run.exists for run in tried):
        return replace(opened, plan=tried)
    tuning = tuning_results(study, trials=tried, ledger=ledger)
    study = with_tuned_options(study, trials=tuning)
    runs = plan(study, plugins=plugins, ledger=ledger, previous=previous)
    return replace(
        opened, study=study, tuning=tuning, plan=runs_due(study, runs=runs, ledger=ledger)
    )


def plan_study(
    opened: Opened, *, wish: PowerQuestion, probe_jobs: int | None = None
) -> Preregistration:
    """What the study will do and can show; trains nothing. Raises `StudyError` as `run` would.

    With `probe_jobs`, so many variants at once are tried for a few updates.
    """
    study, ledger = opened.study, opened.ledger
    refuse_unequal(study, runs=opened.runs, ledger=ledger)
    concluded = opened.find() if any(run.exists for run in opened.runs) else None
    found = preregister(
        study,
        runs=opened.plan,
        ledger=ledger,
        resolution=resolution(study, wish=wish, concluded=concluded),
    )
    if probe_jobs is None:
        return found
    names = list(study.experiments)
    probed = probe.probe(study, names=names, jobs=probe_jobs, sentences=_SENTENCES)
    return found.with_probe(
        probe.estimate(study, probed=probed, runs=opened.plan, ledger=ledger, jobs=probe_jobs)
    )


def run_study(path: Path, *, out: Path, seeds: int | None, jobs: int) -> terminal.Summary:
    """Answer the question that a study asks, training only what does not exist yet."""
    opened = open_study(path, out=out, seeds=seeds)
    refuse_unequal(opened.study, runs=opened.runs, ledger=opened.ledger)
    study_folder.remember(opened.study, runs=opened.plan, folder=opened.folder)
    for warning in idle(opened.study, runs=opened.runs, jobs=jobs):
        sys.stderr.write(f"warning: {warning}\n")
    followers = Followers(
        opened.study.trackers, out=out, ledger=opened.ledger, plugins=opened.plugins
    )
    opened.tell("harness_study_started")
    try:
        with naming_plugins(opened.plugins):
            failed = _carry_out(opened, jobs=jobs, followers=followers)
            while not failed and (opened.study.design.looks or opened.study.tuning):
                opened = _planned(opened, previous={})
                if all(run.exists for run in opened.plan):
                    break
                study_folder.remember(opened.study, runs=opened.plan, folder=opened.folder)
                failed = _carry_out(opened, jobs=jobs, followers=followers)
    except BaseException:
        followers.end(opened.view(), patience=_HURRY)  # or trackers show runs that go on for ever
        raise
    opened.tell("harness_sync")
    concluded = opened.conclude()
    followers.end(opened.view(concluded))
    opened.tell("harness_study_ended")
    return _summary(opened, concluded=concluded, failed=failed)


def _carry_out(opened: Opened, *, jobs: int, followers: Followers) -> list[str]:
    """Train and decode; every run that failed, with its reason."""
    untold = {run.digest: run for run in reversed(opened.view().runs)}
    choices = opened.study.experiments
    updates = {run.digest: choices[run.variant].budget.updates for run in opened.plan}
    failed: dict[str, str] = {}
    synced = time.monotonic()
    executor = opened.study.executor
    with ExitStack() as stack:
        watch = stack.enter_context(watching(opened.plan, ledger=opened.ledger, updates=updates))
        polls = stack.enter_context(
            closing(execute(opened.plan, executor=executor, jobs=jobs, ledger=opened.ledger))
        )
        for ended in polls:
            watch(ended)
            if time.monotonic() - synced > _SYNC_EVERY:
                opened.tell("harness_sync")
                followers.show(opened.view())
                synced = time.monotonic()
            for each in ended:
                if run := untold.pop(each.digest, None):  # a start is told to nobody
                    opened.tell("harness_run_ended", run=run)
                if each.reason:
                    failed |= {run.title: each.reason for run in each.runs}
    return [f"{run.title}: {failed[run.title]}" for run in opened.plan if run.title in failed]


def write_report(opened: Opened) -> terminal.Summary:
    """Conclude from what is in the ledger, and write it down."""
    return _summary(opened, concluded=opened.conclude(), failed=[])


def sync(opened: Opened) -> list[str]:
    """Let every tracker copy what it misses; what was in the way, a line each."""
    view = opened.view(opened.conclude())
    return copy_to_trackers(
        opened.study.trackers,
        study=view,
        out=opened.out,
        ledger=opened.ledger,
        plugins=opened.plugins,
    )


def show(opened: Opened, *, port: int | None, ready: Callable[[str], None]) -> None:
    """Serve the study's page until interrupted, with all that is in the ledger."""
    with naming_plugins(opened.plugins):
        page = tracker_page(opened.study.trackers, out=opened.out)
        view = opened.view(opened.conclude())
        page.sync(view, opened.ledger)
        page.serve(view, port=port, ready=ready)


def _summary(opened: Opened, *, concluded: Report, failed: list[str]) -> terminal.Summary:
    failures = [*failed, *concluded.faults, *concluded.comparability.broken]
    return terminal.summary(concluded, path=opened.folder / "report.html", failed=failures)


def validate(path: Path) -> tuple[Fault, ...]:
    """Everything that is wrong with a study."""
    try:
        study, _ = load(path)
        refuse_unequal(study, runs=(), ledger=Ledger(Path()))
    except StudyError as error:
        return error.faults
    return ()


def catalog(study: Path | None = None) -> Catalog:
    """All that the installed plugins offer, and those that a study names as files."""
    return Catalog.of(plugins_for(study) if study else discover())
