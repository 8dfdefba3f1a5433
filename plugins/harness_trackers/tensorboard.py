"""Runs as event files of TensorBoard."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.components import Tracker
from harness.contracts import LedgerView, StudyView, Tracking
from harness.errors import HarnessError
from harness_trackers.csv import file_name
from harness_trackers.mlflow.logged_run import (
    LoggedRun,
    curve_points,
    fingerprint,
    report_contents,
    started_runs,
)
from harness_trackers.offsets import Copied, growing, progress, still_there

_EVENTS = "events.out.tfevents.harness"  # TensorBoard goes by what the name contains
_STUDY = "study"


@dataclass(frozen=True, kw_only=True)
class TensorBoard(Tracker):
    """Event files of TensorBoard: curves, final scores, options as hyperparameters, the answer.

    They lie in ``tensorboard/STUDY`` of the results folder, in a folder for each run, and one named
    ``study`` with the answer and its table of verdicts. Statuses are those of the page HPARAMS: a
    run that diverged is a success, as for the analysis it is an outcome.

    Install the library with ``pip install 'transformer-harness[tensorboard]'``.
    """

    name = "tensorboard"

    def build(self, *, out: Path) -> Tracking:
        return EventFiles(out / "tensorboard")


@dataclass(frozen=True)
class EventFiles:
    """The event files of studies; each grows, and what a killed process left of one is cut off."""

    folder: Path

    def sync(self, study: StudyView, ledger: LedgerView) -> None:
        """Append what is new; raises `HarnessError` where TensorBoard is not installed."""
        folder = self.folder / study.name
        with progress(folder) as copied:
            for run in started_runs(study, ledger=ledger):
                path = folder / file_name(run) / _EVENTS
                copy = copied[run.key] = still_there(copied.get(run.key), path=path)
                if copy.fingerprint != run.fingerprint:
                    _append(path, copy=copy, events=_run_events(run, copy=copy, ledger=ledger))
                    rows = ledger.measurements(run.view.digest)
                    copy.after = max((row.update for row in rows), default=copy.after)
                    copy.scores, copy.fingerprint = dict(run.scores), run.fingerprint
            path = folder / _STUDY / _EVENTS
            copy = still_there(copied.get(_STUDY), path=path)
            current = fingerprint(report_contents(study))
            if study.summary and copy.fingerprint != current:
                _append(path, copy=copy, events=[(0, _text("answer", text=study.summary))])
                copied[_STUDY], copy.fingerprint = copy, current


def _append(path: Path, *, copy: Copied, events: Any) -> None:
    """Append events, each a step and a summary, to a file that begins with its version."""
    record_writer = _library("tensorboard.summary.writer.record_writer")
    event_pb2 = _library("tensorboard.compat.proto.event_pb2")
    with growing(path, copy=copy) as file:
        records = record_writer.RecordWriter(file)
        now = time.time()
        if not copy.size:
            version = event_pb2.Event(wall_time=now, file_version="brain.Event:2")
            records.write(version.SerializeToString())
        for step, summary in events:
            event = event_pb2.Event(wall_time=now, step=step, summary=summary)
            records.write(event.SerializeToString())


def _run_events(
    run: LoggedRun, *, copy: Copied, ledger: LedgerView
) -> Iterator[tuple[int, object]]:
    """The events of a run that its file lacks."""
    if not copy.size:
        yield 0, _options(run)
    measurements = ledger.measurements(run.view.digest)
    for point in curve_points(measurements, after=copy.after, updates=run.budget):
        yield point.step, _scalar(point.key, value=point.value)
    for name, value in run.scores.items():
        if copy.scores.get(name) != value:
            yield run.budget, _scalar(f"final/{name}", value=value)
    if run.state != "running":
        reason = (run.outcome and run.outcome.reason) or ""
        words = f"{run.state}: {reason}" if reason else run.state
        yield run.updates, _text("outcome", text=words)
        if run.state != "interrupted":  # which may go on
            yield run.updates, _end(failed=run.state == "failed")


def _scalar(tag: str, *, value: float) -> object:
    summary_pb2 = _library("tensorboard.compat.proto.summary_pb2")
    return summary_pb2.Summary(value=[summary_pb2.Summary.Value(tag=tag, simple_value=value)])


def _text(tag: str, *, text: str) -> object:
    summary_pb2 = _library("tensorboard.compat.proto.summary_pb2")
    metadata = _library("tensorboard.plugins.text.metadata")
    tensors = _library("tensorboard.util.tensor_util")
    value = summary_pb2.Summary.Value(
        tag=tag,
        metadata=metadata.create_summary_metadata(display_name=tag, description=""),
        tensor=tensors.make_tensor_proto([text.encode()]),
    )
    return summary_pb2.Summary(value=[value])


def _options(run: LoggedRun) -> object:
    """The start of a session of HPARAMS: the options in which variants differ, and the seed."""
    summary = _library("tensorboard.plugins.hparams.summary_v2")
    options: Mapping[str, object] = {**run.view.options, "variant": run.view.variant}
    return summary.hparams_pb(
        {**options, "seed": run.view.seed}, trial_id=run.key, start_time_secs=run.start
    )


def _end(*, failed: bool) -> object:
    """The end of a session of HPARAMS."""
    summary_pb2 = _library("tensorboard.compat.proto.summary_pb2")
    api_pb2 = _library("tensorboard.plugins.hparams.api_pb2")
    metadata = _library("tensorboard.plugins.hparams.metadata")
    data = _library("tensorboard.plugins.hparams.plugin_data_pb2")
    status = api_pb2.STATUS_FAILURE if failed else api_pb2.STATUS_SUCCESS
    ended = data.HParamsPluginData(session_end_info=data.SessionEndInfo(status=status))
    value = summary_pb2.Summary.Value(
        tag=metadata.SESSION_END_INFO_TAG,
        metadata=metadata.create_summary_metadata(ended),
        tensor=metadata.NULL_TENSOR,
    )
    return summary_pb2.Summary(value=[value])


def _library(module: str) -> Any:
    """A module of TensorBoard's, of which nothing needs TensorFlow."""
    from importlib import import_module

    try:
        return import_module(module)
    except ImportError as error:
        way_out = "pip install 'transformer-harness[tensorboard]'"
        raise HarnessError(f"TensorBoard is not installed ({error}); {way_out}") from None
