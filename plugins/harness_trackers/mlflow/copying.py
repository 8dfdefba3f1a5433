"""One run, or what a study found, to its place in MLflow."""

from __future__ import annotations

from collections.abc import Collection

from harness.contracts import LedgerView, StudyView
from harness_trackers.mlflow.facts import STATUS, Point, RunFacts, found, points, stamp
from harness_trackers.mlflow.memory import Copied, Memory
from harness_trackers.mlflow.page import VIEW_TAG, stored_view
from harness_trackers.mlflow.store import Store, now

_STUDY = "study"  # the key of the run that stands for the whole study
_CURRENT = "harness.current"
_LONGEST = 500  # characters of a reason
_LONGEST_NOTE = 15_000
_KIND = {"mlflow.experimentKind": "custom_model_development"}  # the page leaves chat tools away


def copy_run(
    facts: RunFacts, *, study: StudyView, store: Store, memory: Memory, ledger: LedgerView
) -> None:
    """Bring a run up to date, and remember how far it is."""
    copied = memory.runs.get(facts.key) or _begin(facts, study=study, store=store)
    memory.runs[facts.key] = copied
    if copied.print == facts.print:
        return
    if not copied.print:
        store.attach(copied.id, name="experiment.json", value=dict(facts.run.experiment))
        store.feed(copied.id, view=facts.run)
    reason = ((facts.outcome and facts.outcome.reason) or "")[:_LONGEST]
    tags = {"outcome": facts.state, **({"reason": reason} if reason else {})}
    # A parameter stays what it was, even where a corpus lies elsewhere by now.
    options = {name: text for name, text in facts.run.options.items() if name not in copied.options}
    store.describe(copied.id, options=options, tags=tags)
    copied.options += options
    measured = ledger.measurements(facts.run.digest)
    curves = points(measured, after=copied.after, updates=facts.budget)
    store.plot(copied.id, points=[*curves, *_scores(facts, copied=copied)], start=copied.start)
    store.end(copied.id, status=STATUS[facts.state], at=_ended(facts))
    copied.after = max((each.update for each in measured), default=copied.after)
    copied.scores, copied.print = dict(facts.scores), facts.print
    memory.keep()


def copy_study(study: StudyView, *, store: Store, memory: Memory) -> None:
    """Show what was found: in the experiment's description, as files, and as charts."""
    copied = memory.runs.get(_STUDY) or _begin_study(study, store=store)
    memory.runs[_STUDY] = copied
    whole = stamp(found(study))
    if copied.print == whole or (copied.print and not study.summary):
        return  # while runs go on again, what was found last stays
    note = study.summary or f"**Question:** {study.question}\n\nRuns go on.\n"
    view = stored_view(study)
    store.mark({"mlflow.note.content": note[:_LONGEST_NOTE], VIEW_TAG: view, **_KIND})
    store.attach(copied.id, name="study.json", value=dict(study.resolved))
    for path in study.files:
        folder = path.parent.relative_to(study.path).as_posix()
        store.client.log_artifact(copied.id, str(path), None if folder == "." else folder)
    store.end(copied.id, status="FINISHED")
    copied.print = whole


def retire(store: Store, *, current: Collection[str], ledger: LedgerView) -> None:
    """Tag the runs that the study no longer has; none of them is left running without a process."""
    for key, run in list(store.runs.items()):
        tags, id_ = run.data.tags, run.info.run_id
        if tags.get("harness.kind") != "run":
            continue
        wanted = "true" if key in current else "false"
        if tags.get(_CURRENT) != wanted:
            store.describe(id_, options={}, tags={_CURRENT: wanted})
            tags[_CURRENT] = wanted
        if key not in current:
            if run.info.status == "RUNNING" and not ledger.running(tags["digest"]):
                store.end(id_, status="KILLED")
            del store.runs[key]


def _begin(facts: RunFacts, *, study: StudyView, store: Store) -> Copied:
    """A run's place in the store; where its memory was lost, the one that it has."""
    run = store.runs.get(facts.key) or store.begin(
        facts.key,
        name=f"{facts.run.variant}, seed {facts.run.seed}",
        start=_started(facts),
        tags={
            "study": study.name,
            "variant": facts.run.variant,
            "seed": str(facts.run.seed),
            "digest": facts.run.digest,
            "harness.kind": "run",
            _CURRENT: "true",
        },
    )
    return Copied(run.info.run_id, run.info.start_time, options=list(run.data.params))


def _begin_study(study: StudyView, *, store: Store) -> Copied:
    run = store.runs.get(_STUDY) or store.begin(
        _STUDY,
        name=f"study {study.name}",
        start=now(),
        tags={"study": study.name, "harness.kind": "study"},
    )
    return Copied(run.info.run_id, run.info.start_time)


def _scores(facts: RunFacts, *, copied: Copied) -> list[Point]:
    """The final scores that are new; one that changed counts as a step later than all before."""
    return [
        Point(f"final/{name}", facts.budget + (name in copied.scores), value)
        for name, value in facts.scores.items()
        if copied.scores.get(name) != value
    ]


def _started(facts: RunFacts) -> int:
    """When a run began, in milliseconds: before its end, or when its process took the lock."""
    ended, seconds = _ended(facts), facts.outcome.seconds if facts.outcome else None
    if ended and seconds is not None:
        return ended - int(seconds * 1000)
    lock = facts.run.path / "lock"
    return int(lock.stat().st_mtime * 1000) if lock.exists() else now()


def _ended(facts: RunFacts) -> int | None:
    """When a run's outcome was written, in milliseconds."""
    outcome = facts.run.path / "outcome.json"
    return int(outcome.stat().st_mtime * 1000) if facts.outcome and outcome.exists() else None
