"""A checkout without what is only kept in it, such as a virtual environment of any name."""

from __future__ import annotations

from pathlib import Path

_MARKS = ("pyvenv.cfg", "conda-meta")


def is_environment(folder: Path) -> bool:
    """True for the folder of a virtual environment, of Python's or of conda's."""
    return any((folder / mark).exists() for mark in _MARKS)


def in_environment(path: Path, *, root: Path) -> bool:
    """True for a path, relative to the root of a checkout, inside a virtual environment."""
    return any(is_environment(root / folder) for folder in path.parents[:-1])
