"""The studies and runs of a results folder, with their states and sizes, and what is unused."""

from __future__ import annotations

import os
import re
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.errors import HarnessError
from harness.files import refuse_links_out
from harness.runs import records
from harness.runs.kept_corpora import RECORD, KeptCorpus, corpus_folders, is_of
from harness.runs.ledger import Ledger
from harness.runs.study_folder import planned_runs, study_file

_OF_STUDY = ("looks.jsonl", "report.html")  # files that the folder of a study has once it was seen
_DIGEST = re.compile(rb"[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True)
class StoredRun:
    """A run in a results folder: its state in words, its bytes, and the studies that refer to it.

    `needed_by` are the runs that it was trained for: they start from it, or draw on it.
    """

    digest: str
    folder: Path
    state: str
    size: int
    studies: Sequence[str] = ()
    needed_by: Sequence[str] = ()

    @property
    def running(self) -> bool:
        """True while a process is carrying it out."""
        return self.state.startswith("running")


@dataclass(frozen=True, kw_only=True)
class StoredStudy:
    """A study in a results folder: its file, its runs, and the bytes of its report."""

    name: str
    folder: Path
    file: str
    runs: Sequence[StoredRun]
    size: int

    @property
    def states(self) -> str:
        """The number of its runs in each state: ``4 finished, 1 interrupted``."""
        counts = Counter(run.state.partition(" ")[0] for run in self.runs)
        return ", ".join(f"{count} {state}" for state, count in counts.items()) or "no runs"

    @property
    def total(self) -> int:
        """The bytes of its report and of all its runs, some of which others may share."""
        return self.size + sum(run.size for run in self.runs)


@dataclass(frozen=True, kw_only=True)
class StoredCorpus:
    """A tokenized corpus in a results folder: its bytes, and the runs that were made of it."""

    folder: Path
    size: int
    runs: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Inventory:
    """All that is in a results folder; `unplanned` are folders of studies whose plan is gone."""

    studies: Sequence[StoredStudy]
    runs: Sequence[StoredRun]
    corpora: Sequence[StoredCorpus] = ()
    unplanned: Sequence[Path] = ()

    @property
    def unused(self) -> list[StoredRun]:
        """The runs that no study refers to, and no run that one refers to."""
        return [run for run in self.runs if not run.studies and not run.needed_by]

    def only_of(self, names: Sequence[str]) -> list[StoredRun]:
        """The runs that these studies refer to and no other one does, directly or by a run."""
        own = {run.digest for run in self.runs if run.studies and {*run.studies} <= {*names}}
        return [
            run
            for run in self.runs
            if run.digest in own or (not run.studies and run.needed_by and {*run.needed_by} <= own)
        ]

    def corpora_without(self, runs: Sequence[StoredRun]) -> list[StoredCorpus]:
        """The tokenized corpora that no run is made of once these runs are gone."""
        gone = {run.digest for run in runs}
        return [corpus for corpus in self.corpora if {*corpus.runs} <= gone]


def take_inventory(out: Path) -> Inventory:
    """The studies and runs of a results folder, by name and digest; changes nothing.

    Raises `HarnessError` if there is no such folder.
    """
    if not out.is_dir():
        raise HarnessError(f"{out}: no such folder; name the folder of all results")
    refuse_links_out(out, whole=["runs"])
    ledger = Ledger(out / "runs")
    digests = sorted(path.name for path in out.glob("runs/*") if path.is_dir())
    folders = sorted(path.parent for path in out.glob("*/plan.json"))
    planned = {folder.name: planned_runs(folder) for folder in folders}
    needs = {digest: _needs(ledger.run(digest), among={*digests}) for digest in digests}
    used = {digest for digests in planned.values() for digest in digests}
    runs = {
        digest: StoredRun(
            digest=digest,
            folder=ledger.run(digest),
            state=_state(ledger, digest=digest),
            size=_size(ledger.run(digest)),
            studies=[name for name, rows in planned.items() if digest in rows],
            needed_by=[other for other in digests if other in used and digest in needs[other]],
        )
        for digest in digests
    }
    studies = [
        StoredStudy(
            name=folder.name,
            folder=folder,
            file=study_file(folder),
            runs=[runs[digest] for digest in dict.fromkeys(planned[folder.name]) if digest in runs],
            size=_size(folder),
        )
        for folder in folders
    ]
    reports = {path.parent for name in _OF_STUDY for path in out.glob(f"*/{name}")}
    unplanned = sorted(reports - {*folders})
    return Inventory(
        studies=studies,
        runs=[*runs.values()],
        corpora=_corpora(out, ledger=ledger),
        unplanned=unplanned,
    )


def remove(run: StoredRun) -> None:
    """Delete a run; raises `HarnessError` for one that is under way."""
    if Ledger(run.folder.parent).running(run.digest):
        raise HarnessError(f"{run.folder}: the run is under way; wait for it, or stop it first")
    # First: what is left after a kill is a run that was interrupted, and none that looks finished.
    (run.folder / "outcome.json").unlink(missing_ok=True)
    shutil.rmtree(run.folder)


def _corpora(out: Path, *, ledger: Ledger) -> list[StoredCorpus]:
    folders = [*corpus_folders(out)]
    # Most results have none, and then no description needs to be read.
    digests = [path.name for path in ledger.root.glob("*") if path.is_dir()] if folders else ()
    known = {digest: ledger.identity(digest) for digest in digests}
    corpora = []
    for folder in folders:
        record = records.read_valid(folder / RECORD, kind=KeptCorpus)
        users = [
            name for name, run in known.items() if record and run and is_of(run, corpus=record)
        ]
        corpora.append(StoredCorpus(folder=folder, size=_size(folder), runs=users))
    return corpora


def _state(ledger: Ledger, *, digest: str) -> str:
    if ledger.running(digest):
        return f"running, at update {ledger.updates(digest)}"
    status = ledger.status(digest)
    if status:
        return status
    updates = ledger.updates(digest)
    return f"interrupted at update {updates}" if updates else "requested"


def _needs(folder: Path, *, among: set[str]) -> Mapping[str, None]:
    """The runs whose digests are in a run's description: those that it starts from or draws on."""
    files = [folder / "run.json", *folder.glob("evaluations/*/evaluation.json")]
    named = (
        name for file in files if file.is_file() for name in _DIGEST.findall(file.read_bytes())
    )
    digests = dict.fromkeys(name.decode() for name in named)
    return {digest: None for digest in digests if digest in among and digest != folder.name}


def _size(folder: Path) -> int:
    return sum(size for size in _sizes(folder))


def _sizes(folder: Path) -> Iterator[int]:
    for place, _, names in os.walk(folder):
        for name in names:
            yield os.lstat(Path(place, name)).st_size
