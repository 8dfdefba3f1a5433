"""The whole program on one screen: load, plan, carry out, evaluate, report."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.errors import Fault, StudyError
from harness.files import refuse_links_out
from harness.loading import load, plugins_for
from harness.notices import notify_user, warn
from harness.planned_study import PlannedStudy
from harness.planning import forked, preview, probe
from harness.planning.forewarnings import forewarnings
from harness.registry.attribution import attributed_to, naming_plugins, refuse
from harness.registry.catalog import Catalog
from harness.registry.discovery import discover
from harness.report import Report, terminal
from harness.report.plan_changes import with_past
from harness.report.provenance import found_elsewhere
from harness.runs import study_folder
from harness.runs.execution import execute
from harness.runs.inspections import plan_entry, read_history
from harness.runs.ledger import Ledger
from harness.runs.progress import watching
from harness.runs.reuse import Reuse
from harness.runs.supervision import Pace
from harness.study.values import Seeds, Study
from harness.tracking.followers import Followers, copy_to_trackers, tracker_page
from harness.tracking.outliving import LastWord

_SYNC_EVERY = 4.0  # seconds
_SENTENCES = 64  # translated by a probe, to estimate how long decoding takes
_HURRY = 4.0  # seconds that trackers are given when a study is interrupted


def open_study(
    path: Path,
    *,
    out: Path,
    seeds: Seeds | None,
    plugin_files: bool = True,
    reuse: Reuse = Reuse.IDENTICAL,
) -> PlannedStudy:
    """Load a study and plan its runs; raises `StudyError` with every fault."""
    study, plugins = load(path, seeds=seeds, plugin_files=plugin_files)
    refuse_links_out(out, whole=["runs", study.name])
    folder = study_folder.study_folder(study, out=out)
    command = terminal.rerun_command(path, out=out, seeds=seeds)
    as_filed = plan_entry(study)
    opened = PlannedStudy(
        study=with_past(study, plan=as_filed, history=read_history(out)),
        plugins=plugins,
        ledger=Ledger(out / "runs"),
        folder=folder,
        command=command,
        as_filed=as_filed,
        reuse=reuse,
    )
    opened = opened.plan_next(previous=study_folder.previous_plan(folder))
    if any(run.today for run in opened.plan):
        opened = replace(opened, command=f"{command} --reuse {reuse}")
    for run in opened.plan:
        if run.damaged:
            place = opened.ledger.run(run.digest)
            warn(f"{place}: {run.why}; `harness run {path}` makes it again")
    return opened


def say_found_elsewhere(opened: PlannedStudy) -> None:
    """Print a line for each other code or environment that runs were found with."""
    for line in found_elsewhere(opened.plan):
        notify_user(f"{opened.study.path}: {line}")


def plan_study(
    opened: PlannedStudy, *, question: preview.PowerQuestion, probe_jobs: int | None = None
) -> preview.Preregistration:
    """Preview a study, and freeze its plan; trains nothing.

    Raises `StudyError` as `run_study` would.
    With `probe_jobs`, each variant is trained for a few updates, so many of them at once.
    """
    study, ledger = opened.study, opened.ledger
    preview.refuse_unequal(study, runs=opened.runs, ledger=ledger)
    # Only the spread of the results is taken from this report, and no difference is shown.
    report = opened.evaluate() if any(run.exists for run in opened.runs) else None
    resolution = preview.resolution(study, question=question, report=report)
    preregistration = preview.preregister(
        study, runs=opened.plan, ledger=ledger, resolution=resolution
    )
    preregistration = replace(
        preregistration,
        frozen=opened.freeze_plan().plan_digest,
        warnings=[
            *map(str, forewarnings(study)),
            *preregistration.warnings,
            *(report.deviations if report else ()),
        ],
    )
    if probe_jobs is None:
        return preregistration
    names = list(study.experiments)
    probed = probe.probe(study, names=names, jobs=probe_jobs, sentences=_SENTENCES, out=opened.out)
    estimate = probe.estimate(
        study, probed=probed, runs=opened.plan, ledger=ledger, jobs=probe_jobs
    )
    return preregistration.with_probe(estimate)


def at_once(study: Study, *, jobs: int | None) -> int:
    """The number of runs to carry out at once, of which `jobs` were asked for, if any."""
    devices = {experiment.budget.device for experiment in study.experiments.values()}
    with attributed_to(study.executor):
        number: Any = study.executor.at_once(jobs, device="cuda" if "cuda" in devices else "cpu")
    if not isinstance(number, int) or number < 1:
        refuse(f"at_once must be at least 1, got {number!r:.40}", of=study.executor)
    return number


def run_study(
    path: Path,
    *,
    out: Path,
    seeds: Seeds | None,
    jobs: int | None,
    pace: Pace | None = None,
    reuse: Reuse = Reuse.IDENTICAL,
) -> terminal.Summary:
    """Carry out the runs that do not exist yet, evaluate, and write the report."""
    opened = open_study(path, out=out, seeds=seeds, reuse=reuse)
    say_found_elsewhere(opened)
    study, ledger, runs = opened.study, opened.ledger, opened.runs
    preview.refuse_unequal(study, runs=runs, ledger=ledger)
    if not all(run.exists for run in opened.plan):
        forked.start_server()  # now, so that it loads torch meanwhile
    pace, jobs = pace or Pace(), at_once(study, jobs=jobs)
    # A shorter timeout for runs is one for what comes before them as well.
    limit = min(forked.LIMIT, 60 * (pace.timeout_minutes or forked.LIMIT))
    cautions = preview.refuse_unbuildable(study, runs=opened.plan, ledger=ledger, limit=limit)
    for caution in (*forewarnings(study), *cautions):
        warn(caution)
    # Before training, so that a plan after an interruption can name what has changed since.
    opened.remember_plan()
    opened.freeze_plan()
    for warning in preview.no_effect_warnings(study, runs=runs, out=out, jobs=jobs, limit=limit):
        warn(warning)
    followers = _followers(opened, seeds=seeds)
    opened.notify("harness_study_started")
    try:
        with naming_plugins(opened.plugins):
            failed = _carry_out(opened, jobs=jobs, followers=followers, pace=pace)
            # Tuning comes before the study's own runs, and a look before more seeds.
            while opened.in_stages and not failed and not pace.limit_reached:
                opened = opened.plan_next(previous=study_folder.previous_plan(opened.folder))
                # Even if nothing is left to do: what was compared is read from it.
                opened.remember_plan()
                if all(run.exists for run in opened.plan):
                    break
                failed = _carry_out(opened, jobs=jobs, followers=followers, pace=pace)
    except BaseException:
        # Without a last word, trackers would show these runs as running for ever.
        followers.end(opened.view(), patience=_HURRY)
        raise
    opened.notify("harness_sync")
    report = inspect_results(opened)
    opened.write_report(report)
    followers.end(opened.view(report))
    opened.notify("harness_study_ended")
    return _summary(opened, report=report, failed=failed, pace=pace)


def _followers(opened: PlannedStudy, *, seeds: Seeds | None) -> Followers:
    path, out, reuse = opened.study.path, opened.out, opened.reuse
    return Followers(
        opened.study.trackers,
        out=out,
        ledger=opened.ledger,
        plugins=opened.plugins,
        last_word=LastWord(path=path, out=out, seeds=seeds, reuse=reuse),
    )


def _carry_out(opened: PlannedStudy, *, jobs: int, followers: Followers, pace: Pace) -> list[str]:
    """Train and decode; every run that failed, with its reason."""
    # Runs that differ in their decoding alone share a digest: reversed, so that the first of them
    # stays in the dictionary.
    unreported = {run.digest: run for run in reversed(opened.view().runs)}
    study, executor = opened.study, opened.study.executor
    updates = {
        run.digest: study.experiment(run.variant, seed=run.seed).budget.updates
        for run in opened.plan
    }
    failed: dict[str, str] = {}
    synced = time.monotonic()
    with ExitStack() as stack:
        watch = stack.enter_context(watching(opened.plan, ledger=opened.ledger, updates=updates))
        polls = stack.enter_context(
            closing(
                execute(opened.plan, executor=executor, jobs=jobs, ledger=opened.ledger, pace=pace)
            )
        )
        for ended, running in polls:
            watch(ended, running=running)
            if time.monotonic() - synced > _SYNC_EVERY:
                opened.notify("harness_sync")
                followers.show(opened.view())
                synced = time.monotonic()
            for end in ended:
                if view := unreported.pop(end.digest, None):  # pretraining has no view
                    opened.notify("harness_run_ended", run=view)
                if end.reason:
                    failed |= {run.title: end.reason for run in end.runs}
    return [f"{run.title}: {failed[run.title]}" for run in opened.plan if run.title in failed]


def write_report(opened: PlannedStudy) -> terminal.Summary:
    """Evaluate the ledger, record the inspection, and write the report."""
    report = inspect_results(opened)
    opened.write_report(report)
    return _summary(opened, report=report, failed=[])


def inspect_results(opened: PlannedStudy) -> Report:
    """Evaluate the ledger for somebody to see, and record the inspection; writes no report."""
    return opened.record_inspection(opened.evaluate())


def sync(opened: PlannedStudy) -> list[str]:
    """Copy to every tracker the facts that it lacks; a line for each tracker that failed.

    Findings are copied once an inspection of them is recorded, as a study that goes on shows none.
    """
    report = opened.evaluate()
    return copy_to_trackers(
        opened.study.trackers,
        study=opened.view(report if opened.is_inspected(report) else None),
        out=opened.out,
        ledger=opened.ledger,
        plugins=opened.plugins,
    )


def show(opened: PlannedStudy, *, port: int | None, ready: Callable[[str], None]) -> None:
    """Serve the study's page until interrupted, and record that its results were inspected."""
    with naming_plugins(opened.plugins):
        page = tracker_page(opened.study.trackers, out=opened.out)
        view = opened.view(inspect_results(opened))
        page.sync(view, opened.ledger)  # first: the page shows what was copied
        page.serve(view, port=port, ready=ready)


def validate(path: Path, *, plugin_files: bool = True) -> tuple[Fault, ...]:
    """Every fault of a study or, if there is none, warnings of choices that cannot help."""
    try:
        study, _ = load(path, plugin_files=plugin_files)
        preview.refuse_unequal(study, runs=(), ledger=Ledger(Path()))
        return forewarnings(study, averaging=True)
    except StudyError as error:
        return error.faults


def catalog(study: Path | None = None, *, plugin_files: bool = True) -> Catalog:
    """All that the installed plugins offer, and those that a study names as files."""
    return Catalog.of(plugins_for(study, plugin_files=plugin_files) if study else discover())


def _summary(
    opened: PlannedStudy, *, report: Report, failed: list[str], pace: Pace | None = None
) -> terminal.Summary:
    failures = [*failed, *report.faults, *report.comparability.broken]
    path, remaining = opened.folder / "report.html", []
    if limit := pace.limit_reached if pace else "":
        plan = opened.plan_next(previous=study_folder.previous_plan(opened.folder)).plan
        remaining = [
            run.title
            for run in plan
            if not run.exists and not any(line.startswith(f"{run.title}: ") for line in failed)
        ]
    return terminal.Summary(report, failures, path, remaining=remaining, limit=limit)
