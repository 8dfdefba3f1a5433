"""Addresses of local databases: a path in a URI, and out of it again."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote

_PREFIX = "sqlite:///"


def database_uri(path: Path) -> str:
    """The URI of a SQLite file; the characters that SQLAlchemy reads as syntax are escaped.

    No others are: the state of a study's export is kept under the URI as it is written.
    """
    return _PREFIX + str(path).replace("%", "%25").replace("?", "%3F")


def remove_misread_folders(uri: str) -> None:
    """Remove the empty folders that MLflow makes where it takes an escaped path literally."""
    path = database_path(uri)
    folder = Path(uri.removeprefix(_PREFIX)).parent
    with suppress(OSError):  # of a folder that is not there, or that has content
        while path and folder not in path.parents:
            folder.rmdir()
            folder = folder.parent


def database_path(uri: str) -> Path | None:
    """The file of a local SQLite database; None for a URI of another kind."""
    if not uri.startswith(_PREFIX):
        return None
    return Path(unquote(uri.removeprefix(_PREFIX).partition("?")[0]))
