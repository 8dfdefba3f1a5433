"""Files on disk: written atomically, read as complete lines."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path
from typing import IO, BinaryIO

from harness.errors import HarnessError

# Opening one of these may never return, and reading it may never end.
_ENDLESS = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
}
_PARTIAL = re.compile(r"\..+\.(\d+)")  # the file, and the process that writes it


def open_file(path: Path) -> BinaryIO:
    """A file open for reading; raises `OSError` for what is none, such as a pipe or a device."""
    kind = _ENDLESS.get(stat.S_IFMT(path.stat().st_mode))
    if kind:
        raise OSError(errno.EINVAL, f"it is {kind}, not a file", str(path))
    return path.open("rb")


@contextmanager
def naming_file(path: Path, *, partial: Path | None = None) -> Iterator[None]:
    """Give an error of the system the file's name.

    One of a full disk comes without any, and one of an unfinished file, `partial`, with a name that
    tells nobody anything.
    """
    try:
        yield
    except OSError as error:
        if error.filename is None or error.filename == str(partial):
            error.filename, error.filename2 = str(path), None
        raise


def append(file: FileIO, *, content: bytes) -> None:
    """Append all of the content to an unbuffered file, which may take a part of it at a time."""
    with naming_file(Path(str(file.name))):
        while content:
            content = content[file.write(content) :]


def keep(file: IO[bytes]) -> None:
    """Make a file that grows, and its name, survive a loss of power as it is now."""
    path = Path(str(file.name))
    with naming_file(path):
        file.flush()
        os.fsync(file.fileno())
    _sync_folder(path.parent)


def write_atomically(path: Path, *, content: bytes, lasting: bool = True) -> None:
    """Write a file so that a reader, a crash or a loss of power leaves all of it or nothing.

    One that is not `lasting` can be made again: a loss of power may take it, as nobody waits for
    the disk.
    """
    with replacing(path, lasting=lasting) as file:
        file.write(content)


@contextmanager
def replacing(path: Path, *, lasting: bool = True) -> Iterator[BinaryIO]:
    """A file to write, which takes the path when all of it is written, and is nothing before."""
    partial = unfinished(path)
    try:
        with naming_file(path, partial=partial):
            with partial.open("wb") as file:
                yield file
                file.flush()
                if lasting:
                    os.fsync(file.fileno())
            partial.replace(path)
    finally:
        with suppress(OSError):  # it has its name, or could not be made
            partial.unlink()
    if lasting:
        _sync_folder(path.parent)


def unfinished(path: Path) -> Path:
    """The place for a file or folder until it is finished and may take its own."""
    # In the same folder, as a file can be replaced atomically only within one file system; with
    # the process in its name, as two may write the same file.
    return path.with_name(f".{path.name}.{os.getpid()}")


def move_folder(folder: Path, *, to: Path) -> None:
    """Give a finished folder its name, where nothing is; raises `OSError` where something is."""
    folder.rename(to)
    _sync_folder(to.parent)


def _sync_folder(folder: Path) -> None:
    """Make a rename in a folder survive a loss of power."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def refuse_links_out(folder: Path, *, whole: Sequence[str] = ()) -> None:
    """Raise `HarnessError` for a link in a folder that leads out of it; the folder may be a link.

    Of its folders, those named in `whole` are searched too, to the bottom.
    """
    root = os.path.realpath(folder)
    waiting, deep = [root], {f"{root}/{name}" for name in whole}
    while waiting:
        place = waiting.pop()
        with suppress(FileNotFoundError, NotADirectoryError), os.scandir(place) as entries:
            for entry in entries:
                if entry.is_symlink() and not _is_below(os.path.realpath(entry.path), root=root):
                    raise HarnessError(
                        f"{entry.path}: a link that leads out of {folder}; replace it by what it "
                        "leads to, or make the whole folder a link"
                    )
                if entry.is_dir(follow_symlinks=False) and (place != root or entry.path in deep):
                    waiting.append(entry.path)


def _is_below(path: str, *, root: str) -> bool:
    return os.path.commonpath([path, root]) == root


def no_link(path: str, flags: int) -> int:
    """An opener for `open` that never follows a link, through which it would write elsewhere."""
    return os.open(path, flags | os.O_NOFOLLOW, 0o666)


def abandoned(folder: Path, *, ended: int | None = None) -> Iterator[Path]:
    """The unfinished files in a folder whose writers are gone: they were killed at it.

    `ended` is a process that is known to write no more.
    """
    for path in sorted(folder.glob(".*")):
        partial = _PARTIAL.fullmatch(path.name)
        if partial and (int(partial[1]) == ended or not _is_running(int(partial[1]))):
            yield path


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)  # signal 0 is not sent, and only looks for the process
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:  # it belongs to another user
        return True
    return True


def sha256(path: Path) -> str | None:
    """The SHA-256 of a file's content in hexadecimal digits; None if there is no such file."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return None


def write_json(path: Path, *, value: object) -> None:
    """Write a JSON file atomically; NaN and infinities are refused."""
    text = json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False)
    write_atomically(path, content=text.encode() + b"\n")


def complete_lines(path: Path) -> Iterator[bytes]:
    """The lines of a growing file, up to its last newline; none when there is no such file."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return
    # Bytes: text would also split at U+2028 and others, which a sentence in JSON may contain.
    yield from content[: content.rfind(b"\n") + 1].splitlines()


def file_digests(folder: Path, *, names: Sequence[str]) -> Mapping[str, str]:
    """The SHA-256 of files of a folder, by name; one that is not there is left out."""
    return {name: content for name in names if (content := sha256(folder / name))}
