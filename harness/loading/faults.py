"""Every fault of a study, collected with its place: all at once, in the order of its files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import yaml

from harness.errors import Fault, StudyError
from harness.loading.validation_errors import DataFault
from harness.loading.yaml_nodes import YamlFault, find_mark


class Faults:
    """Faults of a study's files, its own `path` first; the same at the same place counts once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._faults: set[tuple[str, int, int, str]] = set()

    def add(self, message: str, *, at: yaml.Mark) -> None:
        """One fault at a place."""
        line = " ".join(message.splitlines())
        # A message may quote the file, and an escape sequence in it would reach the terminal.
        safe = "".join(char if char.isprintable() else ascii(char)[1:-1] for char in line)
        self._faults.add((at.name, at.line + 1, at.column + 1, safe))

    def add_yaml(self, faults: Iterable[YamlFault]) -> None:
        """Faults of the YAML itself."""
        for fault in faults:
            self.add(fault.message, at=fault.mark)

    def add_data(self, faults: Iterable[DataFault], *, root: yaml.Node) -> None:
        """Faults of the data that `root` holds."""
        for fault in faults:
            self.add(fault.message, at=find_mark(root, path=fault.path, at_key=fault.at_key))

    def raise_any(self) -> None:
        """Raise `StudyError` with all of them, in the order of the files, if there are any."""
        if self._faults:
            raise self.error()

    def error(self) -> StudyError:
        """All of them in the order of the files, the study's own first."""
        own = str(self._path)
        faults = [
            Fault(f"{file}:{line}:{column}", message)
            for file, line, column, message in sorted(
                self._faults, key=lambda fault: (fault[0] != own, fault)
            )
        ]
        return StudyError(faults)
