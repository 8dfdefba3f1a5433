"""Zip files that are checked whole, names before content, before anything of them is used.

Whoever sent one may have made it to do harm. So an entry is a regular file with a plain name inside
the folder, there is an upper bound on what it unpacks to, and every file has its SHA-256 in the
manifest, which has its own.
"""

from __future__ import annotations

import errno
import hashlib
import stat
import struct
import unicodedata
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from harness.errors import HarnessError
from harness.files import replacing
from harness.runs import records
from harness.runs.records import RunLocation

MANIFEST = "manifest.json"

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the first that a zip file can express
_MOST_FILES = 100_000
_MOST_BYTES = 1 << 30  # that any archive may unpack to
_MOST_GROWTH = 20  # a larger one; records shrink to a fifth, zeros to a thousandth
_ENCRYPTED = 1
_BLOCK = 1 << 20
_DAMAGE = (
    BadZipFile,
    EOFError,
    FileExistsError,
    LookupError,
    NotADirectoryError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    struct.error,
    zlib.error,
)


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """A table of contents (manifest.json).

    `name` is the study's, `study` its file in the archive. `summary` is its report for a terminal,
    and `environment` has the versions that it was written with. `corpora` has the file names of
    the corpora, which are not in the archive, by the digest of their content, and `files` the
    SHA-256 of every other file by name.
    """

    name: str
    study: str
    summary: str
    environment: Mapping[str, str]
    corpora: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)


def pack(path: Path, *, files: Mapping[str, Path | bytes], manifest: Manifest) -> None:
    """Write an archive; equal files give equal bytes. Raises `HarnessError` for an unsafe name."""
    for name in files:
        if fault := _name_fault(name):
            raise HarnessError(f"{name!a} is {fault}; rename it")
    with replacing(path) as file, ZipFile(file, "w", ZIP_DEFLATED) as archive:
        digests = {name: _add(archive, name=name, source=files[name]) for name in sorted(files)}
        content = records.line(replace(manifest, files=digests)).rstrip("\n").encode()
        _add(archive, name=MANIFEST, source=content)


def _add(archive: ZipFile, *, name: str, source: Path | bytes) -> str:
    """Add a file without its time, owner and mode; its SHA-256."""
    info = ZipInfo(name, date_time=_EPOCH)
    info.create_system, info.compress_type = 3, ZIP_DEFLATED  # Unix, wherever this runs
    info.external_attr = (stat.S_IFREG | 0o644) << 16
    info.file_size = len(source) if isinstance(source, bytes) else source.stat().st_size
    digest = hashlib.sha256()
    with archive.open(info, "w") as target:
        for block in _blocks(source):
            digest.update(block)
            target.write(block)
    return digest.hexdigest()


def _blocks(source: Path | bytes) -> Iterator[bytes]:
    if isinstance(source, bytes):
        yield source
        return
    with source.open("rb") as file:
        while block := file.read(_BLOCK):
            yield block


def unpack(path: Path, *, into: Path) -> Manifest:
    """Unpack an archive into an empty folder, and check every file of it; its manifest.

    Raises `HarnessError` for one that is damaged, made to do harm, or of a later version.
    """
    if not path.is_file():  # a pipe or a device would be read for ever
        raise HarnessError(f"{path}: no such file")
    try:
        with ZipFile(path) as archive:
            if fault := _danger(archive.infolist(), size=path.stat().st_size):
                raise HarnessError(f"{path}: refused: {fault}")
            content = archive.read(MANIFEST)
            manifest = records.parse_content(content, kind=Manifest, path=path)
            names = {*archive.namelist()} - {MANIFEST}
            if names != manifest.files.keys():
                other = min(names ^ manifest.files.keys())
                raise ValueError(f"{other!a} is not what its manifest lists")
            if not {manifest.study, f"results/{manifest.name}/findings.json"} <= names:
                raise ValueError("the study or its findings are not in it")
            for name, digest in manifest.files.items():
                _extract(archive, name=name, digest=digest, into=into)
            (into / MANIFEST).write_bytes(content)
    except _DAMAGE as fault:
        raise _damaged(path, fault=fault) from None
    except OSError as fault:
        if fault.errno != errno.EINVAL:  # of a place before the start of the file
            raise
        raise _damaged(path, fault=fault) from None
    return manifest


def _damaged(path: Path, *, fault: Exception) -> HarnessError:
    line = " ".join(str(fault).split()).encode("ascii", "backslashreplace").decode()
    return HarnessError(f"{path}: damaged ({line:.200}); get it again")


def _danger(entries: Sequence[ZipInfo], *, size: int) -> str | None:
    """The reason why an archive of these entries is not unpacked; None if it may be."""
    if len(entries) > _MOST_FILES:
        return f"it has more than {_MOST_FILES} files"
    unpacked = sum(entry.file_size for entry in entries)
    most = max(_MOST_BYTES, _MOST_GROWTH * size)
    if unpacked > most:
        sizes = f"{unpacked / 2**30:.3g} GiB, and {most / 2**30:.3g} GiB are allowed"
        return f"it would unpack to {sizes} for a file of this size"
    repeated = Counter(entry.filename for entry in entries)
    for entry in entries:
        # `filename` has been cut at a NUL, and `orig_filename` is as it was written.
        fault = _name_fault(entry.orig_filename) or _entry_fault(entry)
        if repeated[entry.filename] > 1:
            fault = "there twice"
        if fault:
            return f"{entry.orig_filename!a:.200} is {fault}"
    return None


def _entry_fault(entry: ZipInfo) -> str | None:
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        return "a symbolic link" if kind == stat.S_IFLNK else "not a regular file"
    if entry.flag_bits & _ENCRYPTED:
        return "encrypted"
    return None if entry.compress_type in (ZIP_STORED, ZIP_DEFLATED) else "packed by another method"


def _name_fault(name: str) -> str | None:
    """The reason why no file of an archive may have this name; None if it may."""
    if any(unicodedata.category(letter)[0] == "C" for letter in name):
        return "a name with a control character"
    if any(unicodedata.category(letter) in ("Zl", "Zp") for letter in name):
        return "a name with a line break"
    parts = name.split("/")
    if "\\" in name or name[1:2] == ":" or any(part in ("", ".", "..") for part in parts):
        return "a name that leads out of the folder"
    return None


def _extract(archive: ZipFile, *, name: str, digest: str, into: Path) -> None:
    """Unpack a file; raises `ValueError` if its content is not what was written."""
    path = into / name
    path.parent.mkdir(parents=True, exist_ok=True)
    now = hashlib.sha256()
    with archive.open(name) as source, _new(path) as target:
        while block := source.read(_BLOCK):
            now.update(block)
            target.write(block)
    if now.hexdigest() != digest:
        raise ValueError(f"{name!a}: its SHA-256 is another")
    if path.name == "where.json":
        location = records.parse_content(path.read_bytes(), kind=RunLocation, path=path)
        # A run is restored with the plugin files of its location, which would so be run unasked.
        if location.plugins or location.files:
            raise ValueError(f"{name!a} names files of another machine")


def _new(path: Path) -> BinaryIO:
    """A file that is not there yet, not even under a name in other letters."""
    return path.open("xb")
