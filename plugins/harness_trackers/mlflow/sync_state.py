"""The progress of an export to MLflow, kept next to the study's report."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.errors import HarnessError


@dataclass
class ExportedRun:
    """A run in MLflow: its id, its start in milliseconds, and how far it was exported.

    `after` is the last update whose points were exported, `fingerprint` the hash of the run at that
    time, `scores` the final scores as exported, and `options` the names of its parameters.
    """

    id: str
    start: int
    after: int = -1
    fingerprint: str = ""
    scores: dict[str, float] = field(default_factory=dict)
    options: list[str] = field(default_factory=list)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> ExportedRun:
        """Restore from the value of `to_json`."""
        renamed = {"fingerprint" if key == "print" else key: item for key, item in value.items()}
        return cls(**renamed)

    def to_json(self) -> dict[str, Any]:
        """A JSON object, in which the fingerprint is named ``print``."""
        return {
            "id": self.id,
            "start": self.start,
            "after": self.after,
            "print": self.fingerprint,
            "scores": self.scores,
            "options": self.options,
        }


@dataclass
class SyncState:
    """The exported runs of a study in one store; losing it costs time, but duplicates nothing.

    `database` is the stamp of a local database as the export left it.
    """

    path: Path
    uri: str
    fingerprint: str = ""
    runs: dict[str, ExportedRun] = field(default_factory=dict)
    database: str = ""

    @classmethod
    def load(cls, path: Path, *, uri: str) -> SyncState:
        """Read the state; empty if the file is missing, damaged or about another store."""
        try:
            saved = json.loads(path.read_bytes())
            runs = {key: ExportedRun.from_json(run) for key, run in saved["runs"].items()}
            if saved["uri"] == uri:
                return cls(path, uri, saved["print"], runs, saved.get("database", ""))
        except (OSError, ValueError, TypeError, KeyError):
            pass
        return cls(path, uri)

    def save(self) -> None:
        """Write the state atomically."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        runs = {key: run.to_json() for key, run in self.runs.items()}
        state = {
            "uri": self.uri,
            "print": self.fingerprint,
            "runs": runs,
            "database": self.database,
        }
        partial = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        try:
            partial.write_text(json.dumps(state))
            partial.replace(self.path)
        except OSError as fault:  # of a full disk: the name of the unfinished file helps nobody
            raise HarnessError(f"{self.path}: {fault.strerror}") from fault
        finally:
            with suppress(OSError):  # it has its name, or could not be made
                partial.unlink()

    def keep_only(self, ids: Collection[str]) -> None:
        """Drop runs that were deleted from the store."""
        self.runs = {key: run for key, run in self.runs.items() if run.id in ids}
