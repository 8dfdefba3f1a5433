"""Checkpoints: all that a run needs to resume, which holds no random state.

The last two are kept. A checkpoint begins with the SHA-256 of the rest, and holds that of the
measurements up to its update; from one that does not match, no run is resumed.
"""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch

from harness.errors import HarnessError
from harness.files import write_atomically
from harness.notices import warn
from harness.study.experiment import Budget
from harness.training.assembly import Assembly
from harness.training.network import load_weights

CHECKPOINTS = ("checkpoint.pt", "checkpoint.earlier.pt")  # the last first
_MEASUREMENTS = "measurements.jsonl"
_KEYS = {"update", "bytes", "measurements", "weights", "optimizer", "averaging"}


def settle(budget: Budget) -> None:
    """Make this process deterministic; raises `HarnessError` if the device is not available."""
    # Threads share sums among them, so their number decides the order of additions, and bits.
    torch.set_num_threads(budget.threads)
    # Read when cuBLAS starts; without it, torch refuses to multiply deterministically.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    # As `use_deterministic_algorithms`, which also imports the compiler: a second in every run. A
    # component that compiles its model finds the variable.
    torch.set_deterministic_debug_mode("error")
    os.environ.setdefault("TORCHINDUCTOR_DETERMINISTIC", "1")
    if budget.device == "cuda" and not torch.cuda.is_available():
        raise HarnessError("budget.device is cuda, but torch finds no GPU on this machine; use cpu")


def save(parts: Assembly, *, path: Path, update: int, size: int) -> None:
    """Save weights, optimizer, averages, and the length of the measurements at this update."""
    checkpoint = {
        "update": update,
        "bytes": size,
        "measurements": _measured(path, size=size),
        "weights": {name: weight.detach() for name, weight in parts.model.named_parameters()},
        "optimizer": parts.optimizer.state_dict(),
        "averaging": dict(parts.averager.state()) if parts.averager else {},
    }
    content = _tensors(checkpoint)
    last, earlier = (path / name for name in CHECKPOINTS)
    # Moved first: a crash during the write leaves the earlier one.
    if last.exists():
        last.replace(earlier)
    write_atomically(last, content=_digest(content) + b"\n" + content)


def resume(parts: Assembly, *, path: Path) -> int:
    """Load the last checkpoint that is whole; returns the number of its update, or 0."""
    measurements = path / _MEASUREMENTS
    checkpoint = next(_whole(path), None)
    if checkpoint is None:
        # Training restarts from scratch, and would append the same updates a second time.
        measurements.unlink(missing_ok=True)
        return 0
    # The updates after the checkpoint are made again, and their lines with them.
    os.truncate(measurements, checkpoint["bytes"])
    return _restore(parts, checkpoint=checkpoint)


def follow(parts: Assembly, *, path: Path) -> int:
    """As `resume`, once another rank of the run has done that; changes no file."""
    checkpoint = next(_whole(path), None)
    return 0 if checkpoint is None else _restore(parts, checkpoint=checkpoint)


def _restore(parts: Assembly, *, checkpoint: Mapping[str, Any]) -> int:
    """Load a checkpoint; returns the number of its update."""
    load_weights(parts.model, weights=checkpoint["weights"])
    parts.optimizer.load_state_dict(checkpoint["optimizer"])
    if parts.averager:
        parts.averager.restore(checkpoint["averaging"])
    return int(checkpoint["update"])


def drop(path: Path) -> None:
    """Remove the checkpoints of a run that has ended."""
    for name in CHECKPOINTS:
        (path / name).unlink(missing_ok=True)


def write_tensors(path: Path, *, value: Mapping[str, Any]) -> None:
    """Write a file of tensors atomically."""
    write_atomically(path, content=_tensors(value))


def is_whole(path: Path) -> bool:
    """True if the file of a checkpoint is what was written."""
    digest, _, content = path.read_bytes().partition(b"\n")
    return digest == _digest(content)


def _tensors(value: Mapping[str, Any]) -> bytes:
    # In memory, because the digest goes before the content.
    buffer = io.BytesIO()
    torch.save(value, buffer)
    return buffer.getvalue()


def _digest(content: bytes) -> bytes:
    return hashlib.sha256(content).hexdigest().encode()


def _measured(path: Path, *, size: int) -> str:
    """The digest of a run's measurements up to a number of bytes; of none without a file."""
    try:
        with (path / _MEASUREMENTS).open("rb") as file:
            return _digest(file.read(size)).decode()
    except FileNotFoundError:
        return _digest(b"").decode()


def _whole(path: Path) -> Iterator[Mapping[str, Any]]:
    """The checkpoints in a run's folder that can be resumed from, the last first.

    Each that cannot is named, with what is done instead: that costs time and no result.
    """
    for name in CHECKPOINTS:
        instead = "training goes on from an earlier update"
        if name == CHECKPOINTS[-1] or not (path / CHECKPOINTS[-1]).exists():
            instead = "training restarts from the first update"
        try:
            checkpoint = _read(path / name)
            _refuse_changed(path, checkpoint=checkpoint)
        except FileNotFoundError:
            continue
        except Exception as fault:  # noqa: BLE001 - the type depends on the damage
            line = " ".join(str(fault).split())
            warn(f"{path / name} cannot be used ({line:.80}); {instead}")
        else:
            yield checkpoint


def _refuse_changed(path: Path, *, checkpoint: Mapping[str, Any]) -> None:
    """Raise `ValueError` if the measurements are not those of the checkpoint."""
    if checkpoint["measurements"] != _measured(path, size=checkpoint["bytes"]):
        raise ValueError(f"{_MEASUREMENTS} is not what it was")


def _read(path: Path) -> Mapping[str, Any]:
    """A checkpoint; raises `FileNotFoundError`, or an error that depends on its damage."""
    digest, _, content = path.read_bytes().partition(b"\n")
    if digest != _digest(content):
        raise ValueError("its SHA-256 is another")
    # Tensors only: a file in a shared folder must not get code executed.
    checkpoint: Mapping[str, Any] = torch.load(io.BytesIO(content), weights_only=True)
    if set(checkpoint) != _KEYS:
        raise ValueError("it is not a checkpoint")
    return checkpoint
