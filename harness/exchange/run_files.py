"""The files of a finished run: those that are read again, checked before they leave."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from harness.files import replacing
from harness.runs.check import run_faults
from harness.runs.ledger import MEASUREMENTS, WEIGHTS, Ledger

LOCATION, INSPECTIONS = "where.json", "looks.jsonl"

_TRAINING = ("run.json", LOCATION, MEASUREMENTS, "outcome.json")
_DECODING = (
    "evaluation.json",
    LOCATION,
    "hypotheses.jsonl",
    "by_sentence.json",
    "outcome.json",
    "scores.json",
    "sentences.json",
)
_DIGEST = re.compile(r"[0-9a-f]{64}")


def training_files(folder: Path, *, weights: bool) -> Mapping[str, Path]:
    """The files of a run's training by name, with its weights if asked and there."""
    return _there(folder, names=(*_TRAINING, *([WEIGHTS] if weights else [])))


def decoding_files(folder: Path) -> Mapping[str, Path]:
    """The files of a decoding by name."""
    return _there(folder, names=_DECODING)


def _there(folder: Path, *, names: tuple[str, ...]) -> Mapping[str, Path]:
    return {name: folder / name for name in names if (folder / name).is_file()}


def decodings(folder: Path) -> list[str]:
    """The complete decodings of a run, by their digests."""
    ledger = Ledger(folder.parent)
    names = sorted(path.name for path in folder.glob("evaluations/*"))
    return [name for name in names if ledger.evaluated(folder.name, evaluation=name)]


def copy_folder(files: Mapping[str, Path], *, to: Path) -> None:
    """Copy files into a folder, safe from a loss of power."""
    to.mkdir(parents=True, exist_ok=True)
    for name, path in files.items():
        with path.open("rb") as source, replacing(to / name) as target:
            shutil.copyfileobj(source, target)


def left_out_reason(folder: Path) -> str | None:
    """The reason why a run has no result that others could use; None if it has."""
    ledger, digest = Ledger(folder.parent), folder.name
    if not _DIGEST.fullmatch(digest):
        return "not a run"
    if any(path.is_symlink() for path in (folder, *folder.rglob("*"))):
        return "a symbolic link, or with one in it"
    if ledger.running(digest):
        return "being trained"
    if fault := next(run_faults(folder), None):
        return f"{fault.path.relative_to(folder)} {fault.fault}"
    outcome = ledger.outcome(digest)
    if outcome is None:
        return f"not finished, at update {ledger.updates(digest)}"
    return f"failed: {outcome.reason or ''}" if outcome.status == "failed" else None
