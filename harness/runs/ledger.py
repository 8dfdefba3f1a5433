"""The folder of runs on disk: the truth, and the only way in which workers and coordinator speak.

``runs/<training digest>/``: run.json (what the run is; never changes), where.json (on which paths
its files lie, and what is asked of it), measurements.jsonl (grows, one line an update),
checkpoint.pt (until training ends), weights.pt, outcome.json (last of all), log.txt. Each decoding
of it in ``evaluations/<evaluation digest>/``: evaluation.json, hypotheses.jsonl, by_sentence.json
(what the core's scores are made of), outcome.json; and, written by the coordinator, scores.json
and sentences.json (what text scores are made of, and how scores hang on sentences).
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from harness.contracts import Measurement
from harness.files import Json, complete_lines, read_object, write_atomically, write_json


class Hypothesis(NamedTuple):
    """One sentence of a split, and what a model wrote for it."""

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

    def identity(self, digest: str) -> Json | None:
        """A run's run.json; None for a run that was never entered."""
        return read_object(self.run(digest) / "run.json")

    def ask(
        self, digest: str, *, identity: Json, decodings: Mapping[str, Json], where: Json
    ) -> Path:
        """Enter a run if it is new, and say which decodings of it are wanted; its folder.

        `where` says what is no part of a run: on which paths its files and plugins lie now.
        """
        folders = {each: self.evaluation(digest, evaluation=each) for each in decodings}
        entries = {self.run(digest) / "run.json": identity}
        entries |= {folders[each] / "evaluation.json": value for each, value in decodings.items()}
        for path, value in entries.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            if read_object(path) != value:  # new, or damaged: the digest says what it must be
                write_json(path, value=value)
        wanted = {**where, "evaluations": list(decodings)}
        write_json(self.run(digest) / "where.json", value=wanted)
        return self.run(digest)

    def measurements(self, digest: str) -> list[Measurement]:
        """What a run has measured so far; half-written lines are left out."""
        path = self.run(digest) / "measurements.jsonl"
        return [
            Measurement(update, split, metric, value)
            for update, values in map(json.loads, complete_lines(path))
            for split, metric, value in values
        ]

    def updates(self, digest: str) -> int:
        """The last update that a run has written down; 0 before the first."""
        try:
            with (self.run(digest) / "measurements.jsonl").open("rb") as file:
                file.seek(max(0, os.fstat(file.fileno()).st_size - 4096))
                tail = file.read()
        except FileNotFoundError:
            return 0
        lines = tail[: tail.rfind(b"\n") + 1].splitlines()
        return int(json.loads(lines[-1])[0]) if lines else 0

    def running(self, digest: str) -> bool:
        """Whether a worker holds the run; its lock is free as soon as its process is gone."""
        try:
            with (self.run(digest) / "lock").open() as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except BlockingIOError:
            return True
        return False

    def outcome(self, digest: str) -> Json | None:
        """How training ended: ``status`` finished, diverged or failed; None while it has not."""
        outcome = read_object(self.run(digest) / "outcome.json")
        return outcome if outcome and "status" in outcome else None

    def evaluated(self, digest: str, *, evaluation: str) -> Json | None:
        """The core's scores of one decoding; None unless it is finished and whole."""
        folder = self.evaluation(digest, evaluation=evaluation)
        outcome = read_object(folder / "outcome.json")
        if outcome is None or not {"scores", "sentences"} <= outcome.keys():
            return None
        lines = sum(1 for _ in complete_lines(folder / "hypotheses.jsonl"))
        return outcome if lines == outcome["sentences"] else None

    def hypotheses(self, digest: str, *, evaluation: str) -> list[Hypothesis]:
        """What the model wrote, in the order of the split."""
        path = self.evaluation(digest, evaluation=evaluation) / "hypotheses.jsonl"
        return [Hypothesis(*json.loads(line)) for line in complete_lines(path)]

    def end(self, digest: str, *, status: Literal["failed", "diverged"], reason: str) -> None:
        """Write down how a run ended that left no outcome itself."""
        write_json(self.run(digest) / "outcome.json", value={"status": status, "reason": reason})

    def weights(self, digest: str) -> Path | None:
        """Where a finished run's final weights are; None for a run that has none."""
        path = self.run(digest) / "weights.pt"
        finished = (self.outcome(digest) or {}).get("status") == "finished"
        return path if finished and path.exists() else None


def write_hypotheses(folder: Path, *, hypotheses: Sequence[Hypothesis]) -> None:
    """Keep what a model wrote, one JSON list a line: source, reference, hypothesis."""
    lines = [json.dumps(each, ensure_ascii=False) + "\n" for each in hypotheses]
    write_atomically(folder / "hypotheses.jsonl", content="".join(lines).encode())
