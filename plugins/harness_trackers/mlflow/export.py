"""Export of a run, or of a study's results, to MLflow."""

from __future__ import annotations

from collections.abc import Sequence

from harness.contracts import LedgerView, StudyView
from harness_trackers.mlflow.colors import COLOR_TAG, free_color, grouping_tag
from harness_trackers.mlflow.limits import accepted_name
from harness_trackers.mlflow.logged_run import (
    STATUS,
    LoggedRun,
    Point,
    curve_points,
    fingerprint,
    report_contents,
    run_key,
)
from harness_trackers.mlflow.store import Store, now
from harness_trackers.mlflow.sync_state import ExportedRun, SyncState
from harness_trackers.mlflow.verdicts import export_verdicts
from harness_trackers.mlflow.view import VIEW_TAG, stored_view

_STUDY = "study"  # the key of the MLflow run that stands for the whole study
_CURRENT = "harness.current"
_NOTE = "mlflow.note.content"
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
    # Scores first: MLflow's page for comparing starts with the metric that was logged first.
    points = [*_new_scores(run, exported=exported), *curves]
    store.log_points(exported.id, points=points, start=exported.start)
    with store.noting_refusals(title):
        store.set_status(exported.id, status=STATUS[run.state], end=_end_time(run))
    if len(store.refused) == refused:  # otherwise the next export tries again
        exported.options += [accepted_name(name) for name in options]
        exported.after = max((row.update for row in measurements), default=exported.after)
        exported.scores, exported.fingerprint = dict(run.scores), run.fingerprint
    state.save()


def export_study(
    study: StudyView, *, runs: Sequence[LoggedRun], store: Store, state: SyncState
) -> None:
    """Show the results in the descriptions of experiment and study, as tags, numbers and files."""
    exported = _study_run(study, runs=runs, store=store, state=state)
    current = fingerprint(report_contents(study))
    if exported.fingerprint == current or (exported.fingerprint and not study.summary):
        return  # while runs are resumed there is no summary: the previous one stays
    note = study.summary or f"**Question:** {study.question}\n\nRuns are in progress.\n"
    note, view, refused = note[:_MAX_NOTE], stored_view(study), len(store.refused)
    store.tag_experiment({_NOTE: note, VIEW_TAG: view, **_KIND})
    with store.noting_refusals("the study's verdicts"):
        export_verdicts(study, store=store, run=exported.id)
    with store.noting_refusals("the study's description"):
        store.client.set_tag(exported.id, _NOTE, note)
    with store.noting_refusals("study.json"):
        store.log_json(exported.id, name="study.json", value=dict(study.resolved))
    for path in study.files:
        folder = path.parent.relative_to(study.path).as_posix()
        with store.noting_refusals(path.name):
            store.client.log_artifact(exported.id, str(path), None if folder == "." else folder)
    ends = [run.outcome.ended for run in runs if run.outcome and run.outcome.ended is not None]
    with store.noting_refusals("the study's run"):
        end = _milliseconds(max(ends)) if ends else None
        store.set_status(exported.id, status="FINISHED", end=end)
    if len(store.refused) == refused:
        exported.fingerprint = current


def tag_runs(study: StudyView, *, store: Store, ledger: LedgerView) -> None:
    """Tag runs with their place in the study; end superseded ones that have no process any more."""
    current = {run_key(run): run for run in study.runs}
    group = grouping_tag(list(dict.fromkeys(run.variant for run in study.runs)))
    for key, run in list(store.runs.items()):
        tags, run_id = run.data.tags, run.info.run_id
        if tags.get("harness.kind") != "run":
            continue
        place = {_CURRENT: "false"}
        if key in current:
            place = {_CURRENT: "true", group: current[key].variant}
        changed = {name: tag for name, tag in place.items() if tags.get(name) != tag}
        if changed:
            store.set_params_and_tags(run_id, params={}, tags=changed)
            tags |= changed
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
            COLOR_TAG: _color(run.view.variant, store=store),
            _CURRENT: "true",
        },
    )
    options = list(created.data.params)
    return ExportedRun(created.info.run_id, created.info.start_time, options=options)


def _study_run(
    study: StudyView, *, runs: Sequence[LoggedRun], store: Store, state: SyncState
) -> ExportedRun:
    """The MLflow run that stands for the whole study, made if need be; it began with its runs."""
    if (exported := state.runs.get(_STUDY)) is None:
        starts = [_milliseconds(run.start) for run in runs if run.start is not None]
        created = store.runs.get(_STUDY) or store.create_run(
            _STUDY,
            name=f"study {study.name}",
            start=min(starts, default=now()),
            tags={"study": study.name, "harness.kind": "study"},
        )
        exported = ExportedRun(created.info.run_id, created.info.start_time)
        state.runs[_STUDY] = exported
    return exported


def _color(variant: str, *, store: Store) -> str:
    """The color of a variant's other runs or, for its first, a free one."""
    tags = [run.data.tags for run in store.runs.values() if COLOR_TAG in run.data.tags]
    colors = {tag["variant"]: tag[COLOR_TAG] for tag in tags if "variant" in tag}
    return colors.get(variant) or free_color(colors.values())


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
    return now() if run.start is None else _milliseconds(run.start)


def _end_time(run: LoggedRun) -> int | None:
    """The end in milliseconds, as it was recorded: the time of a file is that of its last copy."""
    ended = run.outcome.ended if run.outcome else None
    return None if ended is None else _milliseconds(ended)


def _milliseconds(seconds: float) -> int:
    return int(seconds * 1000)
