"""The record of plans and inspections of a results folder, in which no line can change unseen.

``inspections.jsonl`` lies beside the runs of all studies, so that a study that is renamed keeps its
past. Each line holds the SHA-256 of the line before it. The study's own folder has a copy of the
inspections, ``looks.jsonl``, which shows where the end of the record, or all of it, was removed.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, NamedTuple

from harness.files import complete_lines, keep, naming_file, no_link, write_atomically
from harness.notices import warn
from harness.runs import records
from harness.runs.identity import content_digest
from harness.study.serialization import resolved_experiment
from harness.study.values import BASELINE, Study, Tuning

RECORD = "inspections.jsonl"
COPY = "looks.jsonl"
_START = "0" * 64  # stands before the first line
_DIGITS = 12  # of a digest
_PLAN = (
    *("primary", "margins", "method", "against", "diverged", "variants", "seeds", "looks"),
    "tuning",
)


class PlanEntry(NamedTuple):
    """A frozen plan or, with `runs`, an inspection of results under the plan of that time.

    `runs` has the evaluation of every finished run by variant and seed, `variants` a digest of each
    variant's choices, which no seed and no code is part of. `late` marks a plan that was frozen
    when runs of it existed already; `previous` is the SHA-256 of the line before. Entries of
    earlier versions have only a date, the metrics and the runs.
    """

    date: str
    primary: str
    metrics: Sequence[str]
    runs: Mapping[str, Mapping[str, str]]
    study: str = ""
    margins: Mapping[str, float] = {}
    method: str = ""
    against: str = ""
    variants: Mapping[str, str] = {}
    seeds: tuple[int, ...] = ()
    looks: tuple[int, ...] = ()
    tuning: str = ""
    late: bool = False
    previous: str = ""
    diverged: str = "excluded"

    @property
    def plan_digest(self) -> str:
        """The digest of what is frozen: everything but the name of the study and its results."""
        plan = {name: getattr(self, name) for name in _PLAN}
        text = json.dumps(plan, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]

    @property
    def seen_seeds(self) -> frozenset[str]:
        """The seeds of the variant that had most of them in common with the baseline."""
        baseline = self.runs.get(BASELINE, {}).keys()
        others = [seeds.keys() & baseline for name, seeds in self.runs.items() if name != BASELINE]
        return frozenset(max(others, key=len, default=()))

    @property
    def is_test(self) -> bool:
        """True if somebody saw results of more than one seed: a single one tests nothing."""
        return len(self.seen_seeds) > 1

    @property
    def planned_looks(self) -> tuple[int, ...]:
        """The looks; with a fixed number of seeds, the one at its end."""
        return self.looks or (len(self.seeds),)

    def same(self, other: PlanEntry) -> bool:
        """True if two entries say the same, whenever they were made."""
        return self._replace(date="", late=False, previous="") == other._replace(
            date="", late=False, previous=""
        )


class History(NamedTuple):
    """The entries of a results folder, in order, and why some may be missing: a `gap`, if any."""

    entries: Sequence[PlanEntry] = ()
    gap: str = ""


def plan_entry(study: Study) -> PlanEntry:
    """The plan of a study, as its file has it, to be frozen."""
    terms = study.compare
    margin = terms.margin if isinstance(terms.margin, Mapping) else {terms.primary: terms.margin}
    return PlanEntry(
        date=_now(),
        primary=terms.primary,
        metrics=[],
        runs={},
        study=study.name,
        margins={name: float(value) for name, value in margin.items() if value is not None},
        method=terms.method,
        against=terms.against,
        diverged=terms.diverged,
        variants={
            name: _choices(study, variant=name)
            for name in study.variants
            if name not in study.design.noise_floor  # no hypothesis
        },
        seeds=study.seeds,
        looks=study.design.looks,
        tuning=_tuning(study.tuning) if study.tuning else "",
    )


def _tuning(tuning: Tuning) -> str:
    """The option and its values, of which the plan of a study leaves the choice open."""
    values = dict.fromkeys(value for values in tuning.candidates.values() for value in values)
    return f"{tuning.option} over {', '.join(map(str, values))}"


def _choices(study: Study, *, variant: str) -> str:
    data = resolved_experiment(study.variants[variant], file=content_digest)
    # Regularizers act in their order, which sorted keys would hide.
    data["regularizers"] = [*data["regularizers"].items()]
    text = json.dumps(data, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]


def read_history(out: Path, *, quiet: bool = False) -> History:
    """All plans and inspections in a results folder; damaged lines are named on standard error.

    Not by those who read it again, `quiet`.
    """
    entries: dict[str, PlanEntry] = {}
    gap = ""
    for path in record_files(out):
        previous = _START
        for line, entry in _lines(path, quiet=quiet):
            if entry is None:
                gap = "a line of its record is damaged"
            else:
                if entry.previous != previous:
                    gap = gap or "a line of its record was changed or deleted"
                entries[line] = entry
            previous = line
    for path in sorted(out.glob(f"*/{COPY}")):
        for line, entry in _lines(path, quiet=quiet):
            # A damaged line was a copy, or of an earlier version, of which more is unknown anyway.
            if entry is not None and line not in entries:
                # Those of earlier versions stand nowhere else, and are in no chain.
                gap = gap or ("a line of its record was deleted" if entry.previous else "")
                name = entry.study or path.parent.name
                entries[line] = entry._replace(study=name)
    return History(sorted(entries.values(), key=lambda entry: entry.date), gap)


def record_files(out: Path) -> list[Path]:
    """The record of a results folder, and those of folders that were merged into it."""
    return sorted(out.glob(f"{Path(RECORD).stem}*.jsonl"))


def merge_records(source: Path, *, into: Path) -> None:
    """Copy the records of a results folder; each remains a chain of its own."""
    known = {line for path in record_files(into) for line in complete_lines(path)}
    for path in record_files(source):
        lines = [*complete_lines(path)]
        if set(lines) <= known:
            continue
        name = RECORD
        if (into / RECORD).exists():
            name = f"{Path(RECORD).stem}-{_sha256(lines[0])[:_DIGITS]}.jsonl"
        write_atomically(into / name, content=b"".join(line + b"\n" for line in lines))


def append_entry(entry: PlanEntry, *, out: Path) -> None:
    """Add an entry at the end of the record."""
    out.mkdir(parents=True, exist_ok=True)
    path = out / RECORD
    with naming_file(path), open(path, "a+b", opener=no_link) as file:
        # Studies that share a folder may end at the same time, and a chain has one end.
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        lines = file.read().splitlines()
        previous = _sha256(lines[-1]) if lines else _START
        _add(file, line=records.line(entry._replace(date=_now(), previous=previous)).encode())


def copy_inspections(out: Path, *, folder: Path) -> None:
    """Add what a study's folder lacks of its inspections in the record."""
    copied = {line for line, _ in _lines(folder / COPY, quiet=True)}
    path = folder / COPY
    for line in complete_lines(out / RECORD):
        entry = _entry(line, path=out / RECORD)
        if entry and entry.runs and entry.study == folder.name and _sha256(line) not in copied:
            folder.mkdir(parents=True, exist_ok=True)
            with naming_file(path), open(path, "a+b", opener=no_link) as file:
                _add(file, line=line + b"\n")


def _add(file: BinaryIO, *, line: bytes) -> None:
    # A last line that was cut short must not swallow the next one.
    file.seek(max(0, file.seek(0, os.SEEK_END) - 1))
    file.write(b"\n" * (file.read() not in (b"", b"\n")) + line)
    keep(file)  # nothing brings back what a loss of power takes


def broken_lines(path: Path) -> Iterator[int]:
    """The numbers of the lines of a record that do not follow from the line before."""
    previous = _START
    for number, (line, entry) in enumerate(_lines(path, quiet=True), start=1):
        if entry is not None and entry.previous != previous:
            yield number
        previous = line


def _lines(path: Path, *, quiet: bool = False) -> Iterator[tuple[str, PlanEntry | None]]:
    """The SHA-256 of each complete line, and its entry; None for one that is damaged."""
    for number, line in enumerate(complete_lines(path), start=1):
        entry = _entry(line, path=path)
        if entry is None and not quiet:
            warn(f"{path}:{number}: damaged; this inspection is not counted")
        yield _sha256(line), entry


def _entry(line: bytes, *, path: Path) -> PlanEntry | None:
    try:
        return records.parse_content(line, kind=PlanEntry, path=path)
    except ValueError:
        return None


def _sha256(line: bytes) -> str:
    return hashlib.sha256(line).hexdigest()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
