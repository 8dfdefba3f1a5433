"""Export of a run, or of a study's results, to MLflow."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import datetime

from harness.contracts import LedgerView, StudyView
from harness_trackers.mlflow.limits import accepted_name
from harness_trackers.mlflow.logged_run import (
    STATUS,
    LoggedRun,
    Point,
    curve_points,
    fingerprint,
    report_contents,
)
from harness_trackers.mlflow.store import Store, now
from harness_trackers.mlflow.sync_state import ExportedRun, SyncState
from harness_trackers.mlflow.view import VIEW_TAG, stored_view

_STUDY = "study"  # the key of the MLflow run that stands for the whole study
_CURRENT = "harness.current"
_MAX_REASON = 500  # characters
_MAX_NOTE = 15_000  # characters
_KIND = {"mlflow.experimentKind": "custom_model_development"}  # hides MLflow's tools for chats


def export_run(
    run: LoggedRun, *, study: StudyView, store: Store, state: SyncState, ledger: LedgerView
) -> None:
    """Bring a run in MLflow up to date, and save how far it was exported."""
    exported = state.runs.get(run.key) or _create_run(run, study=study, store=store)
    state.runs[run.key] = exported
    if exported.fingerprint == run.fingerprint:
        return
    refused, title = len(store.refused), f"{run.view.variant}, seed {run.view.seed}"
    if not exported.fingerprint:
        with store.noting_refusals(f"{title}: experiment.json"):
            store.log_json(exported.id, name="experiment.json", value=dict(run.view.experiment))
        with store.noting_refusals(f"{title}: dataset"):
            store.log_dataset(exported.id, view=run.view)
    reason = ((run.outcome and run.outcome.reason) or "")[:_MAX_REASON]
    tags = {"outcome": run.state, **({"reason": reason} if reason else {}), **_usage(run)}
    # MLflow refuses to change a parameter, so it keeps its first value even if a corpus has moved.
    options = {
        name: text
        for name, text in run.view.options.items()
        if accepted_name(name) not in exported.options
    }
    store.set_params_and_tags(exported.id, params=options, tags=tags)
    measurements = ledger.measurements(run.view.digest)
    curves = curve_points(measurements, after=exported.after, updates=run.budget)
    points = [*curves, *_new_scores(run, exported=exported)]
    store.log_points(exported.id, points=points, start=exported.start)
    with store.noting_refusals(title):
        store.set_status(exported.id, status=STATUS[run.state], end=_end_time(run))
    if len(store.refused) == refused:  # otherwise the next export tries again
        exported.options += [accepted_name(name) for name in options]
        exported.after = max((row.update for row in measurements), default=exported.after)
        exported.scores, exported.fingerprint = dict(run.scores), run.fingerprint
    state.save()


def export_study(study: StudyView, *, store: Store, state: SyncState) -> None:
    """Show the results in the experiment's description, as files, and as charts."""
    exported = state.runs.get(_STUDY) or _create_study_run(study, store=store)
    state.runs[_STUDY] = exported
    current = fingerprint(report_contents(study))
    if exported.fingerprint == current or (exported.fingerprint and not study.summary):
        return  # while runs are resumed there is no summary: the previous one stays
    note = study.summary or f"**Question:** {study.question}\n\nRuns are in progress.\n"
    view, refused = stored_view(study), len(store.refused)
    store.tag_experiment({"mlflow.note.content": note[:_MAX_NOTE], VIEW_TAG: view, **_KIND})
    with store.noting_refusals("study.json"):
        store.log_json(exported.id, name="study.json", value=dict(study.resolved))
    for path in study.files:
        folder = path.parent.relative_to(study.path).as_posix()
        with store.noting_refusals(path.name):
            store.client.log_artifact(exported.id, str(path), None if folder == "." else folder)
    with store.noting_refusals("the study's run"):
        store.set_status(exported.id, status="FINISHED")
    if len(store.refused) == refused:
        exported.fingerprint = current


def retire_runs(store: Store, *, current: Collection[str], ledger: LedgerView) -> None:
    """Tag runs that are no longer in the study; end those that have no process any more."""
    for key, run in list(store.runs.items()):
        tags, run_id = run.data.tags, run.info.run_id
        if tags.get("harness.kind") != "run":
            continue
        is_current = "true" if key in current else "false"
        if tags.get(_CURRENT) != is_current:
            store.set_params_and_tags(run_id, params={}, tags={_CURRENT: is_current})
            tags[_CURRENT] = is_current
        if key not in current:
            if run.info.status == "RUNNING" and not ledger.running(tags["digest"]):
                store.set_status(run_id, status="KILLED")
            del store.runs[key]


def _create_run(run: LoggedRun, *, study: StudyView, store: Store) -> ExportedRun:
    """A new MLflow run, or the existing one if the sync state was lost."""
    created = store.runs.get(run.key) or store.create_run(
        run.key,
        name=f"{run.view.variant}, seed {run.view.seed}",
        start=_start_time(run),
        tags={
            "study": study.name,
            "variant": run.view.variant,
            "seed": str(run.view.seed),
            "digest": run.view.digest,
            "harness.kind": "run",
            _CURRENT: "true",
        },
    )
    options = list(created.data.params)
    return ExportedRun(created.info.run_id, created.info.start_time, options=options)


def _create_study_run(study: StudyView, *, store: Store) -> ExportedRun:
    created = store.runs.get(_STUDY) or store.create_run(
        _STUDY,
        name=f"study {study.name}",
        start=now(),
        tags={"study": study.name, "harness.kind": "study"},
    )
    return ExportedRun(created.info.run_id, created.info.start_time)


def _new_scores(run: LoggedRun, *, exported: ExportedRun) -> list[Point]:
    """The final scores not exported yet; a changed score is logged one step later, to be last."""
    return [
        Point(f"final/{name}", run.budget + (name in exported.scores), value)
        for name, value in run.scores.items()
        if exported.scores.get(name) != value
    ]


def _usage(run: LoggedRun) -> dict[str, str]:
    """The device of a run that has ended, and how much of it the run took, as tags."""
    usage = run.outcome.usage if run.outcome else None
    if usage is None:
        return {}
    gpu = "" if usage.index is None else f", GPU {usage.index}"
    memory, utilization = usage.peak_memory, usage.utilization
    return {
        "device": f"{usage.device}{gpu}",
        **({} if memory is None else {"peak_memory_mib": f"{memory / 2**20:.0f}"}),
        **({} if utilization is None else {"gpu_utilization": f"{utilization:.2f}"}),
    }


def _start_time(run: LoggedRun) -> int:
    """The start in milliseconds: its end minus its duration, or the time of its process."""
    end, seconds = _end_time(run), run.outcome.seconds if run.outcome else None
    if end is not None and seconds is not None:
        return end - int(seconds * 1000)
    try:
        _, _, since = json.loads((run.view.path / "lock").read_bytes())
        return int(datetime.fromisoformat(since).timestamp() * 1000)
    except (OSError, ValueError, TypeError):  # not written yet, or by an earlier version
        return now()


def _end_time(run: LoggedRun) -> int | None:
    """The end in milliseconds, as it was recorded: the time of a file is that of its last copy."""
    ended = run.outcome.ended if run.outcome else None
    return None if ended is None else int(ended * 1000)
