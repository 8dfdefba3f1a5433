"""A study's results as one file, and the report that it opens with.

`study/` has the study, the files that it includes and its plugin files, placed to each other as
they were; `results/` is a results folder with the runs, the report and the log of inspections.
Paths of the machine that made it are left out. Opening it runs none of its code and needs no
corpus: its report was written when it was made, and is shown once every file of it is known to be
whole.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from harness import pipeline
from harness.errors import HarnessError
from harness.exchange.packing import Manifest, pack, unpack
from harness.exchange.run_files import (
    INSPECTIONS,
    LOCATION,
    decoding_files,
    decodings,
    left_out_reason,
    training_files,
)
from harness.files import move_folder
from harness.planned_study import PlannedStudy
from harness.planning.tuning import tuning_runs
from harness.report import Report, terminal
from harness.runs import records
from harness.runs.inspections import record_files
from harness.runs.ledger import Ledger
from harness.runs.planned_run import PlannedRun, without_results
from harness.runs.records import RunLocation, StoredPlan

SUFFIX = "-results.zip"

_REPORT = ("findings.json", "report.md", "report.html", INSPECTIONS)


@dataclass(frozen=True, kw_only=True)
class Archived:
    """An archive that was written, and a line for each run that is not in it."""

    path: Path
    runs: int
    left_out: Sequence[str]


def is_archive(path: Path) -> bool:
    """True for the name of an archive; its content is checked where it is opened."""
    return path.suffix == ".zip"


def archive_study(opened: PlannedStudy, *, path: Path | None, weights: bool) -> Archived:
    """Write a study's report, and the report with all it came from into one file.

    Runs that are not finished are left out. Raises `HarnessError` if all are.
    """
    runs, left_out = _finished(opened)
    if not runs:
        place = opened.study.path
        raise HarnessError(without_results(place, path=place, runs=opened.runs))
    report = pipeline.inspect_results(opened)
    opened.write_report(report)
    path = path or Path(f"{opened.study.name}{SUFFIX}")
    files: dict[str, Path | bytes] = {}
    for digest, same in runs.items():
        folder = opened.ledger.run(digest)
        files |= _run_files(folder, evaluations={run.evaluation for run in same}, weights=weights)
    sources, study = _sources(opened)
    files |= {**sources, **_study_files(opened)}
    pack(path, files=files, manifest=_manifest(opened, report=report, study=study))
    return Archived(path=path, runs=len(runs), left_out=left_out)


def open_archive(path: Path, *, into: Path | None) -> str:
    """The report of an archive, as text; all of it is unpacked into a new folder if asked."""
    if into is None:
        with TemporaryDirectory() as folder:
            manifest = unpack(path, into=Path(folder))
        pages = "--into FOLDER unpacks the report's pages, the runs and the study"
    else:
        manifest = unpack_new(path, into=into)
        pages = f"report: {into / 'results' / manifest.name / 'report.html'}"
    versions = ", ".join(f"{name} {number}" for name, number in manifest.environment.items())
    whole = f"{path}: {len(manifest.files)} files, all as they were written, with {versions}"
    return _printable(f"{manifest.summary}\n\n{whole}\n{pages}")


def _printable(text: str) -> str:
    """Text of unknown origin without what would act on a terminal, but for ends of lines."""
    return "".join(
        letter if letter.isprintable() or letter == "\n" else ascii(letter)[1:-1] for letter in text
    )


def unpack_new(path: Path, *, into: Path) -> Manifest:
    """Unpack an archive into a folder that is not there yet, whole or not at all."""
    if into.exists():
        raise HarnessError(f"{into}: is there already; choose another --into")
    into.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=into.parent, prefix=f".{into.name}.") as folder:
        whole = Path(folder, "whole")
        whole.mkdir()
        manifest = unpack(path, into=whole)
        move_folder(whole, to=into)
    return manifest


def _finished(opened: PlannedStudy) -> tuple[Mapping[str, list[PlannedRun]], list[str]]:
    """The finished runs of a study by their digests, and a line for each of the others."""
    runs: dict[str, list[PlannedRun]] = {}
    left_out = {}
    for run in _all_runs(opened):
        if fault := left_out_reason(opened.ledger.run(run.digest)):
            left_out[run.digest] = f"{run.title}: {fault}; left out"
        else:
            runs.setdefault(run.digest, []).append(run)
    return runs, [*left_out.values()]


def _all_runs(opened: PlannedStudy) -> Iterator[PlannedRun]:
    """The runs of a plan, and the trials that its options were chosen by."""
    trials = tuning_runs(opened.study, plugins=opened.plugins, ledger=opened.ledger, previous={})
    yield from {(run.title, run.digest): run for run in (*trials, *opened.plan)}.values()


def _run_files(folder: Path, *, evaluations: set[str], weights: bool) -> Mapping[str, Path | bytes]:
    """The files of a run, with those of its decodings that are the study's."""
    ledger, place = Ledger(folder.parent), f"results/runs/{folder.name}"
    asked = [name for name in decodings(folder) if name in evaluations]
    location = replace(
        RunLocation(generation=ledger.location(folder.name).generation), evaluations=tuple(asked)
    )
    files: dict[str, Path | bytes] = {
        f"{place}/{name}": path for name, path in training_files(folder, weights=weights).items()
    }
    for name in asked:
        inside = f"{place}/evaluations/{name}"
        decoded = decoding_files(folder / "evaluations" / name)
        files |= {f"{inside}/{file}": path for file, path in decoded.items()}
    # Without the paths of this machine, which mean nothing, or something else, on another.
    nowhere = _record(location)
    return {name: nowhere if name.endswith(LOCATION) else files[name] for name in files}


def _sources(opened: PlannedStudy) -> tuple[Mapping[str, Path], str]:
    """The files of a study and its plugins, placed to each other as they are; the study's name."""
    paths = [
        Path(os.path.normpath(path.absolute()))
        for path in (opened.study.path, *opened.study.included, *opened.study.plugins)
    ]
    root = os.path.commonpath([path.parent for path in paths])
    named = {f"study/{path.relative_to(root).as_posix()}": path for path in paths}
    return named, next(iter(named))


def _study_files(opened: PlannedStudy) -> Mapping[str, Path | bytes]:
    """The report, the log of inspections and the plan."""
    folder, place = opened.folder, f"results/{opened.study.name}"
    rows = dict.fromkeys((run.variant, run.seed, run.digest) for run in _all_runs(opened))
    pages = [folder / name for name in _REPORT]
    pages += sorted((folder / "figures").glob("[!.]*"))
    files: dict[str, Path | bytes] = {
        f"{place}/{path.relative_to(folder).as_posix()}": path for path in pages if path.is_file()
    }
    # All of the record, with what other studies planned: a part of a chain proves nothing.
    files |= {f"results/{path.name}": path for path in record_files(opened.out)}
    return {**files, f"{place}/plan.json": _record(StoredPlan(runs=tuple(rows)))}


def _record(record: object) -> bytes:
    return records.line(record).rstrip("\n").encode()


def _manifest(opened: PlannedStudy, *, report: Report, study: str) -> Manifest:
    failed = [*report.faults, *report.comparability.broken]
    text = terminal.Summary(report, failed=failed, path=Path()).text
    corpora = {digest: Path(path).name for run in opened.plan for digest, path in run.files.items()}
    return Manifest(
        name=opened.study.name,
        study=study,
        summary=text.rpartition("\n")[0],  # its last line is the place of the report
        environment={**report.versions, "system": f"{platform.system()} {platform.machine()}"},
        corpora=corpora,
    )
