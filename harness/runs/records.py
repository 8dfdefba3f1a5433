"""The JSON files of a ledger as frozen records, each file with the number of its schema.

A later version of the program reads the files of an earlier one by that number. A file without it
is of the first version, which wrote none. After it comes the SHA-256 of the file, with zeros in its
own place: a file that differs from what was written counts as damaged. Earlier files have none.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter

from harness.errors import HarnessError
from harness.files import write_atomically
from harness.notices import warn

SCHEMA = 1

_Record = TypeVar("_Record")

# The schema stands first in a file, so that it can be read without the rest.
_SCHEMA_FIRST = re.compile(rb'\s*\{\s*"schema":\s*([^,}\s]+)')
_SEAL = re.compile(_SCHEMA_FIRST.pattern + rb',\s*"sha256":\s*"([0-9a-f]{64})"')
_NO_SEAL = "0" * 64
# The same with a damaged byte: still a string of that length under a key of that length.
_DAMAGED_SEAL = re.compile(rb'\s*\{\s*"[^"]{6}":\s*[^,}\s]+,\s*"([^"]{6})":\s*"[^"]{64}"')

# Built at first use: an adapter takes a millisecond, and a command reads only some kinds.
_adapter: Callable[[Any], TypeAdapter[Any]] = cache(TypeAdapter)


@dataclass(frozen=True, kw_only=True)
class IdentityParts:
    """The digests of a run's choices, of the code behind them, and of the environment."""

    choices: str
    code: str
    environment: str


@dataclass(frozen=True, kw_only=True)
class RunIdentity:
    """Everything that decides the bits of a run's training (run.json).

    `experiment` has all choices but the generation, `code` the digests of the source code behind
    them and the versions of the libraries that it imports. `parts` follow from the rest, and from
    the runs that it starts from; None in files of earlier versions.
    """

    experiment: Mapping[str, Any]
    seed: int
    code: Mapping[str, str]
    torch: str
    parts: IdentityParts | None = field(default=None, compare=False)

    def deciding(self) -> dict[str, Any]:
        """The fields that the digest is made of, as JSON data."""
        return {name: value for name, value in asdict(self).items() if name != "parts"}


@dataclass(frozen=True, kw_only=True)
class DecodingIdentity:
    """Everything that decides the bits of one decoding (evaluation.json).

    `training` is the digest of the run, `split` the split of the corpus that is decoded.
    """

    training: str
    generation: Any
    split: str
    code: Mapping[str, str]

    def deciding(self) -> dict[str, Any]:
        """The fields that the digest is made of, as JSON data."""
        return asdict(self)


@dataclass(frozen=True, kw_only=True)
class RunLocation:
    """Everything that a worker needs beside a run's identity (where.json).

    `files` are the paths of the text files by the digest of their content, `plugins` the files that
    the study names; on disk, relative to the folder of all runs (absolute in earlier versions).
    `evaluations` are the digests of the decodings requested last; for a run without one,
    `generation` is the one that builds its experiment. A checkpoint is written every
    `checkpoint_minutes`, and a worker without a sign of life for `timeout_minutes` is ended.
    `ranks` processes carry out the run together, where their number does not decide its bits.
    """

    files: Mapping[str, str] = field(default_factory=dict)
    plugins: tuple[str, ...] = ()
    generation: Any = None
    evaluations: tuple[str, ...] = ()
    checkpoint_minutes: float = 10.0
    timeout_minutes: float | None = None
    ranks: int = 1


@dataclass(frozen=True, kw_only=True)
class SentenceSums:
    """The summands of the core's scores, one per sentence (by_sentence.json).

    Nats, correct target tokens, target tokens, and bytes of the raw reference; no bytes where
    tokens do not give the references back.
    """

    nats: tuple[float, ...]
    right: tuple[float, ...]
    tokens: tuple[float, ...]
    bytes: tuple[int, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class SentenceInfluence:
    """The influence of each sentence on a score, and the resampled scores (sentences.json).

    `statistics` are a text metric's, one row per sentence. All are None for a score that is not
    computed from sums over sentences.
    """

    statistics: Any = None
    influence: tuple[float, ...] | None = None
    resampled: tuple[float, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class StoredPlan:
    """The last plan of a study (plan.json): its file, and (variant, seed, digest) of each run.

    The path is relative to the folder of all results; earlier versions wrote an absolute one.
    """

    study: str | None = None
    runs: tuple[tuple[str, int, str], ...] = ()


def read(path: Path, *, kind: type[_Record]) -> _Record | None:
    """The record in a file; None if there is no such file.

    Raises `HarnessError` for a damaged file, and for one of a later schema.
    """
    try:
        return parse_content(path.read_bytes(), kind=kind, path=path)
    except FileNotFoundError:
        return None
    except ValueError as fault:
        line = " ".join(str(fault).split())
        raise HarnessError(
            f"{path}: damaged ({line:.80}); delete its folder to train again"
        ) from None


def read_valid(path: Path, *, kind: type[_Record]) -> _Record | None:
    """The record in a file that can be made again; None if it is missing or damaged.

    Raises `HarnessError` for a file of a later schema, which must not be overwritten.
    """
    try:
        return parse_content(path.read_bytes(), kind=kind, path=path)
    except (FileNotFoundError, ValueError):
        return None


def read_replaceable(path: Path, *, kind: type[_Record], instead: str) -> _Record | None:
    """The same, with a line on standard error for a damaged file: what is done `instead`."""
    record = read_valid(path, kind=kind)
    if record is None and path.exists():
        warn(f"{path}: damaged; {instead}")
    return record


def require(path: Path, *, kind: type[_Record]) -> _Record:
    """The record in a file; raises `HarnessError` if it is missing or damaged."""
    record = read_valid(path, kind=kind)
    if record is None:
        raise HarnessError(f"{path}: missing or damaged; `harness run` its study again")
    return record


def parse(value: object, *, kind: type[_Record], path: Path) -> _Record:
    """A record from a file's JSON value; keys that the record does not have are ignored.

    Raises `ValueError` if its fields do not match, and `HarnessError` for a later schema.
    """
    if isinstance(value, dict) and "schema" in value:
        value = dict(value)
        value.pop("sha256", None)
        _refuse_later(value.pop("schema"), path=path)
    record: _Record = _adapter(kind).validate_python(value)
    return record


def parse_content(content: bytes, *, kind: type[_Record], path: Path) -> _Record:
    """A record from the content of a file, or from a line of one; raises as `parse` does."""
    # Before the number of its schema is believed, as that may be what is damaged.
    _refuse_other(content, kind=kind)
    schema = _SCHEMA_FIRST.match(content)
    if not is_dataclass(kind) or not schema:
        return parse(json.loads(content), kind=kind, path=path)
    _refuse_later(json.loads(schema[1]), path=path)
    # Without an intermediate dictionary, whose thousands of names and shapes would set off the
    # garbage collector: that takes three times as long as the parsing.
    record: _Record = _adapter(kind).validate_json(content)
    return record


def _refuse_other(content: bytes, *, kind: type[object]) -> None:
    """Raise `ValueError` for content that is not what was written, as far as it has a SHA-256."""
    seal = _SEAL.match(content)
    if seal:
        start, end = seal.span(2)
        written = content[:start] + _NO_SEAL.encode() + content[end:]
        if hashlib.sha256(written).hexdigest() != seal[2].decode():
            raise ValueError("its SHA-256 is another")
        return
    damaged = _DAMAGED_SEAL.match(content)
    if damaged and damaged[1].decode(errors="replace") not in getattr(
        kind, "__dataclass_fields__", ()
    ):
        raise ValueError("its SHA-256 is damaged")


def _refuse_later(schema: object, *, path: Path) -> None:
    if not isinstance(schema, int):
        raise ValueError(f"schema must be a number, got {schema!r:.40}")  # noqa: TRY004 - damage is a ValueError
    if schema > SCHEMA:
        raise HarnessError(
            f"{path}: written by a later version (schema {schema}, this one reads up to {SCHEMA}); "
            "upgrade transformer-harness"
        )


def write_record(path: Path, *, record: object, lasting: bool = True) -> None:
    """Write a record, or a mapping of them, atomically; `lasting` unless it can be made again."""
    text = json.dumps(_to_seal(record), indent=1, ensure_ascii=False, allow_nan=False)
    write_atomically(path, content=_sealed(text + "\n").encode(), lasting=lasting)


def write_rows(path: Path, *, record: object, lasting: bool = True) -> None:
    """The same with one key per line, for records with long lists of numbers."""
    lines = [f"{json.dumps(key)}: {_numbers(value)}" for key, value in _to_seal(record).items()]
    content = _sealed("{" + ",\n".join(lines) + "}\n").encode()
    write_atomically(path, content=content, lasting=lasting)


def _numbers(value: object) -> str:
    return json.dumps(value, allow_nan=False)


def line(record: object) -> str:
    """A record as one line of a file of JSON lines."""
    return _sealed(json.dumps(_to_seal(record))) + "\n"


def content(record: object) -> dict[str, Any]:
    """The JSON object of a record, its schema first."""
    # A digest is made of an identity before this number is added: a run whose file has another
    # layout is the same run, and must keep its name.
    return {"schema": SCHEMA, **_fields(record)}


def _to_seal(record: object) -> dict[str, Any]:
    fields_first = content(record)
    return {"schema": fields_first.pop("schema"), "sha256": _NO_SEAL, **fields_first}


def _sealed(text: str) -> str:
    """The text with its SHA-256 in the place that is kept for it, the first of that kind."""
    return text.replace(_NO_SEAL, hashlib.sha256(text.encode()).hexdigest(), 1)


def _fields(record: object) -> dict[str, Any]:
    """The fields of a record that are known; shallow, as outcomes have thousands of names."""
    if isinstance(record, Mapping):
        return {
            name: _fields(value) if is_dataclass(value) else value for name, value in record.items()
        }
    if isinstance(record, tuple) and hasattr(record, "_asdict"):
        return dict(record._asdict())
    assert is_dataclass(record)
    values = {item.name: getattr(record, item.name) for item in fields(record)}
    return {
        name: _fields(value) if is_dataclass(value) else value
        for name, value in values.items()
        if value is not None
    }
