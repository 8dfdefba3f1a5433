"""The files that a study includes, read in the order in which they count; faults have places."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from harness.errors import StudyError
from harness.loading.faults import Faults
from harness.loading.yaml_file import read_yaml
from harness.loading.yaml_nodes import entries, plain_data, yaml_faults
from harness.registry.option_types import shown

INCLUDE = "include"  # the key
MOST_FILES = 20  # included in a study
DEEPEST = 5  # of them, each included by the one before


def read_files(path: Path, *, faults: Faults) -> dict[Path, yaml.MappingNode]:
    """The mapping in a study's file, which comes last, and those in all that it includes.

    Faults of their keys are added. Raises `StudyError` for a file that is no mapping, and with the
    place of each that cannot be included.
    """
    reader = _Reader(faults, unread=Faults(path))
    files = dict(reader.read(path, within=()))
    reader.unread.raise_any()
    return files


@dataclass
class _Reader:
    """Reads each file once, and what it includes before it."""

    faults: Faults
    unread: Faults
    known: set[str] = field(default_factory=set)  # real paths of the files that were read

    def read(self, path: Path, *, within: Sequence[str]) -> Iterator[tuple[Path, yaml.MappingNode]]:
        """A file, preceded by those that it includes; `within` are those that led here."""
        node, real = read_yaml(path), os.path.realpath(path)
        self.known.add(real)
        self.faults.add_yaml(yaml_faults(node))
        if not isinstance(node, yaml.MappingNode):
            fault = f"a study must be a mapping, got {shown(plain_data(node))}"
            self.faults.add(fault, at=node.start_mark)
            raise self.faults.error()
        for name in self._named(node):
            yield from self._include(name, beside=path.parent, within=(*within, real))
        yield path, node

    def _named(self, root: yaml.MappingNode) -> Iterator[yaml.ScalarNode]:
        """The names under `include`, with their places."""
        entry = entries(root).get(INCLUDE)
        if entry is None or plain_data(entry.value) is None:
            return
        listed = isinstance(entry.value, yaml.SequenceNode)
        for node in entry.value.value if listed else [entry.value]:
            if isinstance(node, yaml.ScalarNode) and _is_relative(plain_data(node)):
                yield node
            else:
                value = shown(plain_data(node))
                fault = f"include needs a path relative to this file's folder, got {value}"
                self.unread.add(fault, at=node.start_mark)

    def _include(
        self, name: yaml.ScalarNode, *, beside: Path, within: Sequence[str]
    ) -> Iterator[tuple[Path, yaml.MappingNode]]:
        """A file that is named, with what it includes; nothing if it was read before."""
        path = _shortest(beside / name.value)
        reason = _reason_against(name.value, path=path, beside=beside, within=within)
        if reason:
            self.unread.add(reason, at=name.start_mark)
        elif os.path.realpath(path) in self.known:
            return
        elif len(self.known) > MOST_FILES:
            fault = f"more than {MOST_FILES} files are included; put some of them together"
            self.unread.add(fault, at=name.start_mark)
        else:
            try:
                yield from self.read(path, within=within)
            except StudyError as error:
                if error.faults[0].place != str(path):
                    raise
                # Of the file as a whole, so that the place to mend is the one that names it.
                fault = f"include {path}: {error.faults[0].message}"
                self.unread.add(fault, at=name.start_mark)


def _is_relative(name: object) -> bool:
    return isinstance(name, str) and bool(name) and "\0" not in name and name[0] != "/"


def _reason_against(name: str, *, path: Path, beside: Path, within: Sequence[str]) -> str | None:
    """The reason that a file cannot be included where it is named; None if it can."""
    folder, real = os.path.realpath(beside), os.path.realpath(path)
    written = os.path.normpath(Path(folder, name))
    inside = ".." not in Path(name).parts and Path(real).is_relative_to(folder)
    if real != written and not inside:
        return f"include {name}: a link that leads to {real}; name that file, by a relative path"
    if real in within:
        chain = [*within[within.index(real) :], real]
        return f"files include each other: {' includes '.join(map(os.path.basename, chain))}"
    if len(within) > DEEPEST:
        return f"more than {DEEPEST} files, each included by the one before; include it earlier"
    return None


def _shortest(path: Path) -> Path:
    """A path without `..`, or the real one where a folder on the way is a link."""
    plain, real = os.path.normpath(path), os.path.realpath(path)
    return Path(plain if os.path.realpath(plain) == real else real)
