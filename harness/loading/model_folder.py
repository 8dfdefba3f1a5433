"""Folders of exported models, as `starts_from` takes them: what is in one, and its digest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

from annotated_types import Ge
from pydantic import TypeAdapter, ValidationError

from harness.components.options import FOLDER_DIGEST
from harness.errors import HarnessError
from harness.files import open_file

CONFIG, TENSORS, VOCABULARY = "config.json", "model.safetensors", "vocabulary.json"
CARD = "README.md"
DECIDING = (CONFIG, TENSORS, VOCABULARY)  # what else is there is for people and other programs
FORMAT = "transformer-harness model"

_WAY_OUT = "`harness export RUN --weights DIR` writes one"

Classes = Annotated[int, Ge(4)]


@dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """The choices of an exported model that decide what can start from it (config.json).

    `model` and `tokenizer` are options as in an identity, `classes` counts the ids of source and
    target, and `tied` has the name of the weight that another name stands for too.
    """

    __pydantic_config__: ClassVar[Any] = {"extra": "ignore", "strict": True}

    format: Literal["transformer-harness model"]
    schema: Literal[1]
    model: Any
    tokenizer: Any
    precision: str
    classes: Mapping[Literal["source", "target"], Classes]
    tied: Mapping[str, str]


def find_model_folder(name: str, *, beside: Path) -> str:
    """The absolute path of a model's folder; raises `ValueError` if it is none, or is damaged."""
    path = beside / name
    try:
        read_config(path)
        tensor_shapes(path)
        _content(path, name=VOCABULARY)
    except HarnessError as fault:
        raise ValueError(str(fault)) from None
    return str(path.absolute())


def read_config(path: Path) -> ModelConfig:
    """The choices behind a folder; raises `HarnessError` in one line if it is no model's."""
    content = _content(path, name=CONFIG)
    try:
        config: ModelConfig = _adapter().validate_json(content)
    except ValidationError as invalid:
        error = invalid.errors(include_url=False)[0]
        place = ".".join(map(str, error["loc"])) or "JSON"
        fault = f"{path / CONFIG}: not what a model's folder has ({place}: {error['msg']})"
        raise HarnessError(f"{fault}; {_WAY_OUT}") from None
    return config


def read_vocabulary(path: Path, *, content: bytes | None = None) -> list[object]:
    """What a tokenizer stored of each side, or of both at once; raises as `read_config` does."""
    if content is None:
        content = _content(path, name=VOCABULARY)
    try:
        sides = json.loads(content)["sides"]
    except (ValueError, LookupError, TypeError):
        raise HarnessError(f"{path / VOCABULARY}: damaged; {_WAY_OUT}") from None
    if not isinstance(sides, list):
        fault = "its tokenizer kept no vocabulary that can be read back, so nothing can start there"
        raise HarnessError(f"{path / VOCABULARY}: {fault}; train the start under `pretraining`")
    return sides


def tensor_shapes(path: Path) -> Mapping[str, tuple[int, ...]]:
    """The shape of each weight, from the head of the file; raises as `read_config` does."""
    from safetensors import SafetensorError, safe_open

    file = path / TENSORS
    try:
        with open_file(file), safe_open(file, framework="numpy") as tensors:
            return {name: tuple(tensors.get_slice(name).get_shape()) for name in tensors.keys()}  # noqa: SIM118 - no mapping
    except FileNotFoundError:
        raise HarnessError(f"no such file: {file}; {_WAY_OUT}") from None
    except SafetensorError as fault:
        raise HarnessError(f"{file}: damaged ({' '.join(str(fault).split())})") from None


def folder_digest(path: str) -> str:
    """The digest of the weights, the choices and the vocabulary of a folder."""
    return digest_of({name: _sha256(_state(Path(path) / name)) for name in DECIDING})


def digest_of(files: Mapping[str, str]) -> str:
    """The digest of a folder with these SHA-256 of its deciding files."""
    text = json.dumps(files, sort_keys=True, separators=(",", ":"))
    return FOLDER_DIGEST + hashlib.sha256(text.encode()).hexdigest()


class _FileState(NamedTuple):
    """A file, and what changes when it is written again."""

    path: Path
    modified: int
    size: int


def _state(path: Path) -> _FileState:
    status = path.stat()
    return _FileState(path, status.st_mtime_ns, status.st_size)


@cache
def _sha256(state: _FileState) -> str:
    """The SHA-256 of a file, once for all runs of a plan unless the file changes."""
    with state.path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _content(path: Path, *, name: str) -> bytes:
    try:
        with open_file(path / name) as file:
            return file.read()
    except FileNotFoundError:
        raise HarnessError(f"no model in {path}: {name} is not there; {_WAY_OUT}") from None
    except OSError as error:
        raise HarnessError(f"{path / name} cannot be read: {error.strerror}") from None


@cache
def _adapter() -> TypeAdapter[ModelConfig]:
    return TypeAdapter(ModelConfig)
