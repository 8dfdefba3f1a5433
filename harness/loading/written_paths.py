"""Files and folders that a study names, each relative to the folder of the file that names it."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from harness.files import open_file
from harness.loading.model_folder import find_model_folder

LARGEST_TEXT = 1_000_000_000  # bytes of a corpus, which is held in memory as a whole


@dataclass(frozen=True)
class WrittenPaths:
    """The folder of a study and, of texts in files that it includes, the folders of those files."""

    folder: Path
    elsewhere: Mapping[str, Collection[Path]] = field(default_factory=dict)

    @classmethod
    def of(cls, root: yaml.Node | None, *, folder: Path) -> WrittenPaths:
        """Those of a study; of its nodes too, if they are from several files."""
        folders: dict[str, dict[Path, None]] = {}
        for node in _scalars(root, seen=set()) if root else ():
            folders.setdefault(node.value, {})[Path(node.start_mark.name).parent] = None
        return cls(folder, folders)

    def find_file(self, name: str) -> str:
        """The absolute path of a text file; raises `ValueError` if there is none, or several."""
        path = self._folder(name) / name
        try:
            with open_file(path) as file:
                size = os.fstat(file.fileno()).st_size
        except FileNotFoundError:
            raise ValueError(f"no such file: {path}") from None
        except OSError as error:
            raise ValueError(f"{path} cannot be read: {error.strerror}") from None
        if size > LARGEST_TEXT:
            raise ValueError(f"{path} has {size} bytes, more than the limit of {LARGEST_TEXT}")
        return str(path.absolute())

    def find_model(self, name: str) -> str:
        """The absolute path of a model's folder; raises `ValueError` likewise."""
        return find_model_folder(name, beside=self._folder(name))

    def _folder(self, name: str) -> Path:
        # A component's check is given a text and not its place; equal texts of two folders are two
        # files, and the study does not tell which of them is meant here.
        folders = [*self.elsewhere.get(name, ())] or [self.folder]
        if len({os.path.realpath(folder / name) for folder in folders}) > 1:
            places = " and ".join(str(folder / name) for folder in folders[:2])
            raise ValueError(f"{name} is {places}; write one of them as ./{name}")
        return folders[0]


def _scalars(node: yaml.Node, *, seen: set[int]) -> Iterator[yaml.ScalarNode]:
    """Every value that has no parts, once."""
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.ScalarNode):
        yield node
    elif isinstance(node, yaml.MappingNode):
        for _, value in node.value:
            yield from _scalars(value, seen=seen)
    else:
        for item in node.value:
            yield from _scalars(item, seen=seen)
