"""What has been copied already, kept beside the report: an offset for every run."""

from __future__ import annotations

import json
import os
from collections.abc import Collection
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass
class Copied:
    """A run in MLflow: its id there, its start in milliseconds, and how far it is copied.

    `after` is the last update whose points are there, `print` stands for all that was there to
    copy, `scores` are the final ones as they were copied, and `options` name the parameters.
    """

    id: str
    start: int
    after: int = -1
    print: str = ""
    scores: dict[str, float] = field(default_factory=dict)
    options: list[str] = field(default_factory=list)


@dataclass
class Memory:
    """What one store holds of a study; a lost memory costs time, and doubles nothing."""

    path: Path
    uri: str
    print: str = ""
    runs: dict[str, Copied] = field(default_factory=dict)

    @classmethod
    def of(cls, path: Path, *, uri: str) -> Memory:
        """What was kept of this store; nothing when the file is gone, damaged or of another."""
        try:
            kept = json.loads(path.read_bytes())
            runs = {key: Copied(**each) for key, each in kept["runs"].items()}
            if kept["uri"] == uri:
                return cls(path, uri, kept["print"], runs)
        except (OSError, ValueError, TypeError, KeyError):
            pass
        return cls(path, uri)

    def keep(self) -> None:
        """Write it down, all of it or nothing."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        runs = {key: asdict(each) for key, each in self.runs.items()}
        partial = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        partial.write_text(json.dumps({"uri": self.uri, "print": self.print, "runs": runs}))
        partial.replace(self.path)

    def forget_all_but(self, ids: Collection[str]) -> None:
        """Forget runs that the store no longer has."""
        self.runs = {key: each for key, each in self.runs.items() if each.id in ids}
