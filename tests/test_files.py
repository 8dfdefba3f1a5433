"""Files on a disk that is full: the file is named, and nothing is written by half unnoticed."""

from __future__ import annotations

import errno
import resource
from collections.abc import Iterator
from io import FileIO
from pathlib import Path

import pytest

from harness.files import append, naming_file, write_atomically

ROOM = 100  # bytes


@pytest.fixture
def full() -> Iterator[None]:
    """Files end at so many bytes: what is beyond is cut off, and the next write is refused."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.usefixtures("full")
def test_a_line_that_does_not_fit_is_an_error_with_the_file_s_name(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    with FileIO(path, "a") as file:
        append(file, content=b"x" * 60)
        with pytest.raises(OSError, match="File too large") as error:
            append(file, content=b"y" * 60)
    assert error.value.filename == str(path)
    assert path.read_bytes() == b"x" * 60 + b"y" * 40  # the system took a part of it


@pytest.mark.usefixtures("full")
def test_a_file_that_does_not_fit_is_named_and_leaves_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "record"
    write_atomically(path, content=b"before")
    with pytest.raises(OSError, match="File too large") as error:
        write_atomically(path, content=b"x" * 200)
    assert error.value.filename == str(path)
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


def test_an_error_that_has_a_name_keeps_it(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as error, naming_file(tmp_path / "outer"):
        (tmp_path / "inner").read_bytes()
    assert error.value.filename == str(tmp_path / "inner")


def test_an_error_names_the_file_and_not_the_unfinished_one(tmp_path: Path) -> None:
    gone = tmp_path / "gone" / "a.json"
    with pytest.raises(FileNotFoundError) as error:
        write_atomically(gone, content=b"")
    assert error.value.filename == str(gone)
    folder = tmp_path / "b.json"
    folder.mkdir()
    with pytest.raises(IsADirectoryError) as error:
        write_atomically(folder, content=b"")
    assert (error.value.filename, error.value.filename2) == (str(folder), None)
    assert [*tmp_path.iterdir()] == [folder]


def test_a_device_that_is_full_has_its_name() -> None:
    with FileIO("/dev/full", "a") as file, pytest.raises(OSError, match="No space left") as error:
        append(file, content=b"x")
    assert (error.value.errno, error.value.filename) == (errno.ENOSPC, "/dev/full")
