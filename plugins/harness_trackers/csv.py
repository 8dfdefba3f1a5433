"""Tables of a study's runs as CSV files."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.components import Tracker
from harness.contracts import LedgerView, StudyView, Tracking
from harness_trackers.mlflow.logged_run import LoggedRun, started_runs
from harness_trackers.mlflow.verdicts import verdict
from harness_trackers.offsets import growing, progress, still_there, write_whole

_FINDINGS = (
    *("metric", "split", "role", "n", "difference", "interval_low", "interval_high"),
    *("p_adjusted", "baseline_mean", "variant_mean"),
)


@dataclass(frozen=True, kw_only=True)
class Csv(Tracker):
    """Tables for a spreadsheet: a row for each run, one for each measurement, and the verdicts.

    They lie in ``csv/STUDY`` of the results folder: ``runs.csv`` has each run's status, the options
    in which variants differ and the final scores; ``curves/VARIANT-SEED-RUN.csv`` what was
    measured in one; ``findings.csv`` the verdicts, once there is a report.
    """

    name = "csv"

    def build(self, *, out: Path) -> Tracking:
        return CsvTables(out / "csv")


@dataclass(frozen=True)
class CsvTables:
    """The tables of studies, in a folder each."""

    folder: Path

    def sync(self, study: StudyView, ledger: LedgerView) -> None:
        """Append to curves, and write the other tables anew if they have changed."""
        folder = self.folder / study.name
        runs = started_runs(study, ledger=ledger)
        with progress(folder) as copied:
            for run in runs:
                path = folder / "curves" / f"{file_name(run)}.csv"
                copy = copied[run.key] = still_there(copied.get(run.key), path=path)
                if run.updates > copy.after or not copy.size:
                    rows = ledger.measurements(run.view.digest)
                    with growing(path, copy=copy) as file:
                        new = [row for row in rows if row.update > copy.after]
                        head = ["update", "split", "metric", "value"]
                        file.write(_text(new if copy.size else [head, *new]).encode())
                    copy.after = max((row.update for row in rows), default=copy.after)
            write_whole(folder / "runs.csv", text=_table([_run(run) for run in runs]))
            if study.findings:
                rows_found = [
                    {"variant": finding.label, "verdict": verdict(finding)}
                    | {name: getattr(finding, name) for name in _FINDINGS}
                    for finding in study.findings
                ]
                write_whole(folder / "findings.csv", text=_table(rows_found))


def file_name(run: LoggedRun) -> str:
    """A name for a run's file: ``baseline-1-3f9c0a12``."""
    return f"{run.view.variant}-{run.view.seed}-{run.view.digest[:8]}"


def _run(run: LoggedRun) -> dict[str, object]:
    outcome = run.outcome
    return {
        "variant": run.view.variant,
        "seed": run.view.seed,
        "run": run.view.digest,
        "status": run.state,
        "updates": run.updates,
        "reason": (outcome and outcome.reason) or "",
        **run.view.options,
        **{f"final/{name}": value for name, value in run.scores.items()},
    }


def _table(rows: Sequence[Mapping[str, object]]) -> str:
    """The rows under all of their columns, with nothing in the cell of one that a row lacks."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    return _text([columns, *([row.get(name) for name in columns] for row in rows)])


def _text(rows: Iterable[Iterable[object]]) -> str:
    file = io.StringIO()
    csv.writer(file, lineterminator="\n").writerows(rows)
    return file.getvalue()
