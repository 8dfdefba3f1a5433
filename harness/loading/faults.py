"""Every fault of a study, collected with its place: all at once, in the file's order."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import yaml

from harness.errors import Fault, StudyError
from harness.loading.validation_errors import Misfit
from harness.loading.yaml_nodes import Irregular, mark


class Faults:
    """Faults of one file; the same fault at the same place counts once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._found: set[tuple[int, int, str]] = set()

    def add(self, message: str, *, at: yaml.Mark) -> None:
        """One fault at a place; what a terminal would act upon is spelled out."""
        line = " ".join(message.splitlines())
        safe = "".join(each if each.isprintable() else ascii(each)[1:-1] for each in line)
        self._found.add((at.line + 1, at.column + 1, safe))

    def add_irregular(self, found: Iterable[Irregular]) -> None:
        """Faults of the YAML itself."""
        for each in found:
            self.add(each.message, at=each.mark)

    def add_misfits(self, found: Iterable[Misfit], *, root: yaml.Node) -> None:
        """Faults of the data that `root` holds."""
        for each in found:
            self.add(each.message, at=mark(root, place=each.place, at_key=each.at_key))

    def raise_any(self) -> None:
        """Raise `StudyError` with all of them, in the file's order, if there are any."""
        if self._found:
            raise self.error()

    def error(self) -> StudyError:
        """All of them, in the file's order."""
        faults = [
            Fault(f"{self._path}:{line}:{column}", message)
            for line, column, message in sorted(self._found)
        ]
        return StudyError(faults)
