"""The folder of runs on disk: the truth, and the only channel between workers and coordinator.

``runs/<training digest>/``: run.json (the run's identity; never changes), where.json (the paths of
its files, and the decodings requested last), measurements.jsonl (grows, one line per update),
checkpoint.pt and checkpoint.earlier.pt (until training ends), weights.pt, outcome.json (last of
all, with the digests of the measurements and weights), log.txt, lock and lease.N. Each decoding in
``evaluations/<evaluation digest>/``: evaluation.json, where.json (the paths of the study that
requested it; together these are the set of all that is requested), hypotheses.jsonl,
by_sentence.json (the summands of the core's scores), outcome.json; and, written by the coordinator,
scores.json and sentences.json (text scores, and the influence of each sentence on every score).

Each JSON file has the number of its schema (`harness.runs.records`). Files of lines have none:
their lines are lists, appended and truncated by byte length, and run.json beside them has one.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, NamedTuple

from harness.contracts import Evaluation, Measurement, Outcome, TrainingOutcome
from harness.files import complete_lines, sha256, write_atomically
from harness.runs import records
from harness.runs.identity_parts import identity_parts
from harness.runs.lock import holder
from harness.runs.records import (
    DecodingIdentity,
    IdentityParts,
    RunIdentity,
    RunLocation,
    SentenceSums,
)

MEASUREMENTS, WEIGHTS = "measurements.jsonl", "weights.pt"

_LOCATION = "where.json"


class Hypothesis(NamedTuple):
    """One sentence of a split, its reference, and a model's hypothesis."""

    source: str
    reference: str
    hypothesis: str


@dataclass(frozen=True)
class Ledger:
    """All runs below one root, shared by all studies."""

    root: Path

    def run(self, digest: str) -> Path:
        """The folder of a run."""
        return self.root / digest

    def evaluation(self, digest: str, *, evaluation: str) -> Path:
        """The folder of one decoding of a run."""
        return self.run(digest) / "evaluations" / evaluation

    def identity(self, digest: str) -> RunIdentity | None:
        """A run's identity; None for a run that was never requested."""
        return records.read_valid(self.run(digest) / "run.json", kind=RunIdentity)

    def parts(self, digest: str) -> IdentityParts | None:
        """The parts of a run's identity, also of one without them in its file; None as above."""
        identity = self.identity(digest)
        if identity is None:
            return None
        return identity.parts or identity_parts(identity, of_start=self.parts)

    def decodings(self, digest: str) -> Iterator[tuple[str, DecodingIdentity]]:
        """Every decoding that was requested of a run and can be read, by its digest."""
        for path in sorted((self.run(digest) / "evaluations").glob("*/evaluation.json")):
            record = records.read_valid(path, kind=DecodingIdentity)
            if record is not None:
                yield path.parent.name, record

    def location(self, digest: str) -> RunLocation:
        """A run's paths and requested decodings; raises `HarnessError` for a run without them."""
        return self._here(records.require(self.run(digest) / _LOCATION, kind=RunLocation))

    def requested(self, digest: str) -> tuple[str, ...]:
        """The decodings that any study requested of a run, those of the last study first."""
        last = self.location(digest).evaluations
        # Sorted below, as a folder lists its files in any order.
        others = (self.run(digest) / "evaluations").glob(f"*/{_LOCATION}")
        return tuple(dict.fromkeys((*last, *sorted(path.parent.name for path in others))))

    def decoding_location(self, digest: str, *, evaluation: str) -> RunLocation:
        """The paths of the study that requested one decoding; else those of the run."""
        path = self.evaluation(digest, evaluation=evaluation) / _LOCATION
        own = records.read_valid(path, kind=RunLocation)
        return self._here(own) if own else self.location(digest)

    def _here(self, location: RunLocation) -> RunLocation:
        """A stored location with absolute paths."""
        root = self.root.resolve()
        return _with_paths(location, of=lambda path: os.path.normpath(root / path))

    def _stored(self, location: RunLocation) -> RunLocation:
        """A location as it is stored: a project that is moved or copied takes its files along."""
        root = self.root.resolve()
        return _with_paths(location, of=lambda path: os.path.relpath(Path(path).absolute(), root))

    def decoding(self, digest: str, *, evaluation: str) -> DecodingIdentity:
        """The identity of one decoding; raises `HarnessError` for one that was never requested."""
        folder = self.evaluation(digest, evaluation=evaluation)
        return records.require(folder / "evaluation.json", kind=DecodingIdentity)

    def request(
        self,
        digest: str,
        *,
        identity: RunIdentity,
        decodings: Mapping[str, DecodingIdentity],
        location: RunLocation,
    ) -> Path:
        """Add a run if it is new, and add these decodings to those requested; returns its folder.

        A file for each decoding, since studies that share a run may do so at the same time.
        """
        location = self._stored(location)
        files: dict[Path, RunIdentity | DecodingIdentity | RunLocation] = {
            self.run(digest) / "run.json": identity
        }
        for name, decoding in decodings.items():
            folder = self.evaluation(digest, evaluation=name)
            files |= {folder / "evaluation.json": decoding, folder / _LOCATION: location}
        for path, record in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            # A damaged file is written again: the digest in its path determines its content.
            if records.read_valid(path, kind=type(record)) != record:
                records.write_record(path, record=record)
        # Last, since a worker reads from it which decodings to look for.
        requested = replace(location, evaluations=tuple(decodings))
        records.write_record(self.run(digest) / _LOCATION, record=requested)
        return self.run(digest)

    def is_described(self, digest: str, *, evaluation: str | None) -> bool:
        """True if the identity, the location and this decoding of a run can be read."""
        kinds: dict[str, type] = {"run.json": RunIdentity, "where.json": RunLocation}
        if evaluation is not None:
            kinds[f"evaluations/{evaluation}/evaluation.json"] = DecodingIdentity
        folder = self.run(digest)
        return all(records.read_valid(folder / name, kind=kinds[name]) for name in kinds)

    def measurements(self, digest: str) -> list[Measurement]:
        """The measurements of a run so far; half-written lines are left out.

        None of a file that is damaged: rather no curve than a wrong one.
        """
        if self.damage(digest):
            return []
        path = self.run(digest) / MEASUREMENTS
        try:
            return [
                Measurement(update, split, metric, value)
                for update, values in map(json.loads, complete_lines(path))
                for split, metric, value in values
            ]
        except (ValueError, TypeError):
            return []

    def updates(self, digest: str) -> int:
        """The last update in a run's measurements; 0 before the first."""
        try:
            with (self.run(digest) / MEASUREMENTS).open("rb") as file:
                # The end suffices: this is called for every run, several times a second.
                file.seek(max(0, os.fstat(file.fileno()).st_size - 4096))
                tail = file.read()
        except FileNotFoundError:
            return 0
        lines = tail[: tail.rfind(b"\n") + 1].splitlines()
        try:
            return int(json.loads(lines[-1])[0]) if lines else 0
        except (ValueError, TypeError, LookupError):  # damaged
            return 0

    def running(self, digest: str) -> bool:
        """True while a worker holds the run's lock, which its process loses when it ends."""
        return holder(self.run(digest)) is not None

    def outcome(self, digest: str) -> TrainingOutcome | None:
        """The end of a run's training; None before it."""
        return records.read_valid(self.run(digest) / "outcome.json", kind=TrainingOutcome)

    def status(self, digest: str) -> Outcome | None:
        """The status of a run's training; None before its end."""
        outcome = self.outcome(digest)
        return outcome.status if outcome else None

    def evaluated(self, digest: str, *, evaluation: str) -> Evaluation | None:
        """The core's scores of one decoding; None unless it is finished, complete and unchanged."""
        folder = self.evaluation(digest, evaluation=evaluation)
        record = records.read_valid(folder / "outcome.json", kind=Evaluation)
        if record is None or any(changed_files(folder, files=record.files)):
            return None
        sums = folder / "by_sentence.json"
        if sums.exists() and records.read_valid(sums, kind=SentenceSums) is None:
            return None
        # A decoding of an earlier version has no digests: its lines must at least be read.
        try:
            lines = len(self.hypotheses(digest, evaluation=evaluation))
        except (ValueError, TypeError):
            return None
        return record if lines == record.sentences else None

    def damage(self, digest: str) -> str | None:
        """The first file of a run's ended training that has changed since, with the change.

        Weights are checked where they are read, as they are large. None if there is none.
        """
        if self.outcome(digest) is None:
            if (self.run(digest) / "outcome.json").exists():
                return "outcome.json damaged"
            # It follows the weights at once, so without it they have lost it.
            weights = (self.run(digest) / WEIGHTS).exists() and not self.running(digest)
            return "outcome.json gone" if weights else None
        files = {name: of for name, of in self._digests(digest).items() if name != WEIGHTS}
        return next(changed_files(self.run(digest), files=files), None)

    def damaged_weights(self, digest: str) -> bool:
        """True if a run's final weights are there, and not as they were written."""
        files = {name: of for name, of in self._digests(digest).items() if name == WEIGHTS}
        return (self.run(digest) / WEIGHTS).exists() and any(
            changed_files(self.run(digest), files=files)
        )

    def damaged_decoding(self, digest: str, *, evaluation: str) -> str | None:
        """The first file of an ended decoding that has changed since, with the change."""
        folder = self.evaluation(digest, evaluation=evaluation)
        path = folder / "outcome.json"
        record = records.read_valid(path, kind=Evaluation)
        if record is None:
            return f"{path.name} damaged" if path.exists() else None
        if self.evaluated(digest, evaluation=evaluation):
            return None
        return next(changed_files(folder, files=record.files), "hypotheses.jsonl damaged")

    def _digests(self, digest: str) -> Mapping[str, str]:
        outcome = self.outcome(digest)
        return (outcome and outcome.files) or {}

    def hypotheses(self, digest: str, *, evaluation: str) -> list[Hypothesis]:
        """The hypotheses of one decoding, in the order of the split."""
        path = self.evaluation(digest, evaluation=evaluation) / "hypotheses.jsonl"
        return [Hypothesis(*json.loads(line)) for line in complete_lines(path)]

    def end(self, digest: str, *, status: Literal["failed", "diverged"], reason: str) -> None:
        """Write the outcome of a run whose worker wrote none."""
        outcome = TrainingOutcome(status=status, reason=reason, ended=time.time())
        records.write_record(self.run(digest) / "outcome.json", record=outcome)

    def weights(self, digest: str) -> Path | None:
        """The file of a finished run's final weights; None for a run that has none."""
        path = self.run(digest) / WEIGHTS
        return path if self.status(digest) == "finished" and path.exists() else None

    def needless_checkpoints(self, digest: str) -> list[Path]:
        """The checkpoints of a run that has ended, left by a kill a moment before their removal."""
        checkpoints = sorted(self.run(digest).glob("checkpoint*.pt"))
        # Weights that are gone, or damage, are being made good by whoever holds the lock.
        if not checkpoints or self.running(digest):
            return []
        ended = self.weights(digest) or self.status(digest) == "diverged"
        return checkpoints if ended else []


def _with_paths(location: RunLocation, *, of: Callable[[str], str]) -> RunLocation:
    files = {digest: of(path) for digest, path in location.files.items()}
    return replace(location, files=files, plugins=tuple(map(of, location.plugins)))


def changed_files(folder: Path, *, files: Mapping[str, str] | None) -> Iterator[str]:
    """Each of these files that is gone or damaged, with the word for it, by their digests."""
    for name, recorded in (files or {}).items():
        now = sha256(folder / name)
        if now != recorded:
            yield f"{name} {'damaged' if now else 'gone'}"


def write_hypotheses(folder: Path, *, hypotheses: Sequence[Hypothesis]) -> None:
    """Write hypotheses, one JSON list per line: source, reference, hypothesis."""
    lines = [json.dumps(hypothesis, ensure_ascii=False) + "\n" for hypothesis in hypotheses]
    write_atomically(folder / "hypotheses.jsonl", content="".join(lines).encode())
