"""Every file of a results folder, checked against what was written, and damage removed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.contracts import Evaluation, Score, TrainingOutcome
from harness.errors import HarnessError
from harness.files import abandoned, refuse_links_out, write_atomically
from harness.runs import records
from harness.runs.identity import digest
from harness.runs.inspections import broken_lines, record_files
from harness.runs.kept_corpora import FOLDER, corpus_folders, damage
from harness.runs.ledger import WEIGHTS, Ledger
from harness.runs.records import (
    DecodingIdentity,
    RunIdentity,
    RunLocation,
    SentenceInfluence,
    StoredPlan,
)
from harness.training import checkpoint

_RUN = "`harness run` its study"
_TRAIN = f"{_RUN} to train it again"
_WEIGHTS = f"{_RUN}, which trains it again if it needs them"
_DECODE = f"{_RUN} to decode it again"
_CACHES: dict[str, Any] = {
    "scores.json": dict[str, Score],
    "sentences.json": dict[str, SentenceInfluence],
}


@dataclass(frozen=True, kw_only=True)
class StoredFault:
    """A file that is not what was written, and the way out.

    Repair removes the files and folders in `removes`, or replaces the file by `replacement`.
    """

    path: Path
    fault: str
    way_out: str
    removes: Sequence[Path] = ()
    replacement: bytes | None = None

    @property
    def can_be_mended(self) -> bool:
        """True if repair changes anything."""
        return bool(self.removes) or self.replacement is not None

    def __str__(self) -> str:
        repair = "--repair, then " if self.can_be_mended else ""
        return f"{self.path}: {self.fault}; {repair}{self.way_out}"


def mend(fault: StoredFault) -> str:
    """Remove what is damaged; a line that says so, or what else there is to do."""
    if not fault.can_be_mended:
        return str(fault)
    for path in fault.removes:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    if fault.replacement is not None:
        write_atomically(fault.path, content=fault.replacement)
    return f"{fault.path}: {fault.fault}, removed; {fault.way_out}"


def faults(out: Path) -> Iterator[StoredFault]:
    """The faults of a results folder, file by file; raises `HarnessError` if there is none."""
    if not out.is_dir():
        raise HarnessError(f"{out}: no such folder; --out names the folder of all results")
    names = [path.name for path in out.iterdir() if path.is_dir()]
    refuse_links_out(out, whole=names)
    ledger = Ledger(out / "runs")
    for folder in sorted(path for path in out.glob("runs/*") if path.is_dir()):
        # A run that goes on is changing its files: what looks damaged may be half written.
        if not ledger.running(folder.name):
            yield from _run(folder)
    for path in record_files(out):
        yield from _record(path)
    yield from _corpora(out)
    apart = {ledger.root, out / FOLDER}
    for folder in sorted(path for path in out.iterdir() if path.is_dir() and path not in apart):
        yield from _study(folder)


def _corpora(out: Path) -> Iterator[StoredFault]:
    """The faults of tokenized corpora, each of which is removed whole."""
    yield from _leftovers(out / FOLDER)
    for folder in corpus_folders(out):
        if fault := damage(folder):
            name, _, word = fault.partition(" ")
            way_out = f"{_RUN}, which tokenizes its corpus again if it needs that"
            yield StoredFault(path=folder / name, fault=word, way_out=way_out, removes=[folder])


def _run(folder: Path) -> Iterator[StoredFault]:
    for path in (folder, *folder.glob("evaluations/*")):
        yield from _leftovers(path)
    for path in Ledger(folder.parent).needless_checkpoints(folder.name):
        yield _left(path)
    yield from run_faults(folder)


def run_faults(folder: Path) -> Iterator[StoredFault]:
    """The faults of a run: its description, its training, and its decodings."""
    yield from _description(folder / "run.json", kind=RunIdentity, name=folder.name)
    yield from _description(folder / "where.json", kind=RunLocation)
    yield from _training(folder)
    for name in checkpoint.CHECKPOINTS:
        path = folder / name
        if path.exists() and not checkpoint.is_whole(path):
            yield StoredFault(path=path, fault="damaged", way_out=_RUN, removes=[path])
    for decoding in sorted(path for path in folder.glob("evaluations/*") if path.is_dir()):
        yield from _description(
            decoding / "evaluation.json", kind=DecodingIdentity, name=decoding.name
        )
        yield from _decoding(decoding)


def _study(folder: Path) -> Iterator[StoredFault]:
    """The faults of a study's own files: its last plan, and its inspections."""
    yield from _leftovers(folder)
    plan, log = folder / "plan.json", folder / "looks.jsonl"
    yield from _cache(plan, kind=StoredPlan, way_out="nothing: it only tells what has changed")
    # An inspection is recorded before findings are written, so there must have been a log.
    if plan.exists() and not log.exists() and (folder / "findings.json").exists():
        yield StoredFault(
            path=log,
            fault="gone, and with it the number of inspections",
            way_out="`harness report` its study begins a new one",
        )
    if log.exists():
        yield from _inspections(log)


def _record(path: Path) -> Iterator[StoredFault]:
    """The faults of the record of plans and inspections: lines that are damaged, or that are gone.

    Nothing brings back what they said, and to mend the chain would hide that it was broken.
    """
    for number in broken_lines(path):
        yield StoredFault(
            path=path,
            fault=f"line {number} does not follow from the line before",
            way_out="nothing: reports say that the number of inspections is unknown",
        )


def _leftovers(folder: Path) -> Iterator[StoredFault]:
    yield from map(_left, abandoned(folder))


def _left(path: Path) -> StoredFault:
    fault = "left by a process that was killed"
    return StoredFault(path=path, fault=fault, way_out="nothing is lost", removes=[path])


def _description(path: Path, *, kind: Any, name: str | None = None) -> Iterator[StoredFault]:
    """The fault of an identity, which its folder is named after, or of a location."""
    fault = _fault(path, kind=kind, missing="gone")
    if fault is None and name is not None:
        record = records.read_valid(path, kind=kind)
        if record is not None and digest(record.deciding()) != name:
            fault = "not what its folder is named after"
    if fault:
        yield StoredFault(path=path, fault=fault, way_out=f"{_RUN} to write it again")


def _training(folder: Path) -> Iterator[StoredFault]:
    ledger, path = Ledger(folder.parent), folder / "outcome.json"
    weights = folder / WEIGHTS
    fault = _fault(path, kind=TrainingOutcome)
    if fault:
        yield StoredFault(path=path, fault=fault, way_out=_TRAIN, removes=[path, weights])
    elif damage := ledger.damage(folder.name):
        name, _, word = damage.partition(" ")
        # The outcome too: as long as it is there, the run counts as trained.
        removes = [folder / name, path, weights]
        yield StoredFault(path=folder / name, fault=word, way_out=_TRAIN, removes=removes)
    elif ledger.outcome(folder.name) is None and any(folder.glob("evaluations/*/outcome.json")):
        yield StoredFault(path=path, fault="gone", way_out=f"{_RUN} to train it again")
    if ledger.damaged_weights(folder.name):
        yield StoredFault(path=weights, fault="damaged", way_out=_WEIGHTS, removes=[weights])


def _decoding(folder: Path) -> Iterator[StoredFault]:
    path = folder / "outcome.json"
    files = [folder / name for name in ("hypotheses.jsonl", "by_sentence.json")]
    for name, kind in _CACHES.items():
        yield from _cache(folder / name, kind=kind, way_out="the next report computes it again")
    fault = _fault(path, kind=Evaluation)
    if fault is None and not path.exists() and any(file.exists() for file in files):
        fault = "gone"
    if fault:
        yield StoredFault(path=path, fault=fault, way_out=_DECODE, removes=[path, *files])
    elif path.exists():
        run, ledger = folder.parent.parent, Ledger(folder.parent.parent.parent)
        damage = ledger.damaged_decoding(run.name, evaluation=folder.name)
        if damage:
            name, _, word = damage.partition(" ")
            removes = [path, *files]
            yield StoredFault(path=folder / name, fault=word, way_out=_DECODE, removes=removes)


def _cache(path: Path, *, kind: Any, way_out: str) -> Iterator[StoredFault]:
    """The fault of a file that can be removed alone."""
    if fault := _fault(path, kind=kind):
        yield StoredFault(path=path, fault=fault, way_out=way_out, removes=[path])


def _inspections(path: Path) -> Iterator[StoredFault]:
    whole: list[bytes] = []
    broken: list[str] = []
    for number, line in enumerate(path.read_bytes().splitlines(keepends=True), start=1):
        try:
            if not line.endswith(b"\n"):
                raise ValueError("it was cut short")  # noqa: TRY301 - as any other damage
            records.parse_content(line.rstrip(b"\n"), kind=dict[str, Any], path=path)
            whole.append(line)  # an inspection cannot be made again, so the rest must stay
        except ValueError:
            broken.append(str(number))
    if broken:
        fault = f"damaged in line {', '.join(broken)}"
        way_out = "the other inspections count"
        replacement = b"".join(whole)
        yield StoredFault(path=path, fault=fault, way_out=way_out, replacement=replacement)


def _fault(path: Path, *, kind: Any, missing: str | None = None) -> str | None:
    """The word for a record that cannot be read; `missing` for one that is not there."""
    if not path.exists():
        return missing
    return "damaged" if records.read_valid(path, kind=kind) is None else None
