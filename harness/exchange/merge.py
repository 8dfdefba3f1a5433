"""Finished runs of another results folder, or of an archive, taken into one of ours.

A run that is not here is copied whole, and then appears at once, or not at all. One that is here is
never written over: it may gain decodings and weights that it lacks, and if the two differ in a
number, both are left as they are and the difference is named.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

from harness.errors import HarnessError
from harness.exchange.archive import is_archive
from harness.exchange.packing import unpack
from harness.exchange.run_files import (
    INSPECTIONS,
    copy_folder,
    decoding_files,
    decodings,
    left_out_reason,
    training_files,
)
from harness.files import (
    abandoned,
    complete_lines,
    move_folder,
    naming_file,
    sha256,
    unfinished,
    write_atomically,
)
from harness.runs import records
from harness.runs.inspections import merge_records
from harness.runs.ledger import MEASUREMENTS, WEIGHTS, Ledger

_DIGITS = 12  # of a digest, enough to identify a run
_TEXTS = ("hypotheses.jsonl", "by_sentence.json")


@dataclass(frozen=True)
class Merged:
    """The fate of one run of a source, and the line for it."""

    fate: Literal["added", "completed", "there", "conflict", "left out"]
    line: str


def merge(source: Path, *, into: Path) -> Iterator[Merged]:
    """Take the runs of an archive or a results folder into another; yields the fate of each.

    Its inspections are added to the logs here, as somebody has seen those runs.
    """
    with _results(source) as results, _workshop(into) as workshop:
        if not (results / "runs").is_dir():
            raise HarnessError(f"{source}: no results in it; name a results folder or an archive")
        for folder in sorted(path for path in results.glob("runs/*") if path.is_dir()):
            yield _merge_run(folder, runs=into / "runs", workshop=workshop)
        merge_records(results, into=into)
        for log in sorted(results.glob(f"*/{INSPECTIONS}")):
            _merge_inspections(log, into=into / log.parent.name / INSPECTIONS)


@contextmanager
def _results(source: Path) -> Iterator[Path]:
    """The results folder that a source is, or has in it."""
    if not is_archive(source):
        yield source
        return
    with TemporaryDirectory() as folder:
        unpack(source, into=Path(folder))
        yield Path(folder, "results")


@contextmanager
def _workshop(into: Path) -> Iterator[Path]:
    """A folder of this process for runs that are half copied, on the same file system."""
    (into / "runs").mkdir(parents=True, exist_ok=True)
    for path in abandoned(into):  # by a merge that was killed
        if path.is_dir():
            shutil.rmtree(path)
    folder = unfinished(into / "merge")
    with naming_file(into, partial=folder):
        folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def _merge_run(folder: Path, *, runs: Path, workshop: Path) -> Merged:
    name, here = folder.name[:_DIGITS], runs / folder.name
    if fault := left_out_reason(folder):
        return Merged("left out", f"{name}: left out: {fault}")
    if not here.exists():
        _copy_run(folder, to=workshop / folder.name)
        move_folder(workshop / folder.name, to=here)
        return Merged("added", f"{name}: added")
    if fault := left_out_reason(here):
        way_out = f"`harness run` finishes it, or remove {here} to take the other"
        return Merged("left out", f"{name}: left out: the one here is {fault}; {way_out}")
    if difference := _difference(folder, here=here):
        return Merged("conflict", f"{name}: conflict: {difference}; both are left as they are")
    if _complete(folder, here=here, workshop=workshop):
        return Merged("completed", f"{name}: added what was not here")
    return Merged("there", f"{name}: here already")


def _copy_run(folder: Path, *, to: Path) -> None:
    copy_folder(training_files(folder, weights=True), to=to)
    for name in decodings(folder):
        files = decoding_files(folder / "evaluations" / name)
        copy_folder(files, to=to / "evaluations" / name)


def _difference(folder: Path, *, here: Path) -> str | None:
    """The first place in which two runs of one digest differ; None if they are the same."""
    theirs, ours = (Ledger(run.parent).outcome(run.name) for run in (folder, here))
    assert theirs
    assert ours
    if sha256(folder / MEASUREMENTS) != sha256(here / MEASUREMENTS):
        return f"{MEASUREMENTS} differs from {here / MEASUREMENTS}"
    weights = [(outcome.files or {}).get(WEIGHTS) for outcome in (theirs, ours)]
    if None not in weights and weights[0] != weights[1]:
        return f"{WEIGHTS} differs from {here / WEIGHTS}"
    # The time that it took, where it was resumed and the device that it took are no results.
    same = replace(ours, files=theirs.files, seconds=theirs.seconds, usage=theirs.usage)
    if replace(same, resumed_after=theirs.resumed_after, ended=theirs.ended) != theirs:
        return f"outcome.json differs from {here / 'outcome.json'}"
    for name in sorted({*decodings(folder)} & {*decodings(here)}):
        place = Path("evaluations", name)
        for file in _TEXTS:
            if sha256(folder / place / file) != sha256(here / place / file):
                return f"{place / file} differs from {here / place / file}"
    return None


def _complete(folder: Path, *, here: Path, workshop: Path) -> bool:
    """Add the decodings and the weights that the run here lacks; True if there were any."""
    missing = [name for name in decodings(folder) if not (here / "evaluations" / name).exists()]
    for name in missing:
        copy_folder(decoding_files(folder / "evaluations" / name), to=workshop / name)
        (here / "evaluations").mkdir(exist_ok=True)
        move_folder(workshop / name, to=here / "evaluations" / name)
    weights = (folder / WEIGHTS).exists() and not (here / WEIGHTS).exists()
    if weights:
        copy_folder({WEIGHTS: folder / WEIGHTS}, to=here)
    return bool(missing) or weights


def _merge_inspections(log: Path, *, into: Path) -> None:
    """Add the inspections of a log to another, in the order of their dates."""
    ours = list(complete_lines(into))
    theirs = [line for line in complete_lines(log) if line not in ours and _date(line)]
    if theirs:
        into.parent.mkdir(exist_ok=True)
        lines = sorted((*ours, *theirs), key=_date)
        write_atomically(into, content=b"".join(line + b"\n" for line in lines))


def _date(line: bytes) -> str:
    """The date of an inspection; empty for a damaged one."""
    try:
        inspection = records.parse_content(line, kind=dict[str, Any], path=Path(INSPECTIONS))
    except ValueError:
        return ""
    return str(inspection.get("date", ""))
