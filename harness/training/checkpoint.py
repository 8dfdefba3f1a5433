"""Checkpoints: all that a run needs to resume, which holds no random state."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from harness.errors import HarnessError
from harness.files import write_atomically
from harness.study.experiment import Budget
from harness.training.assembly import Assembly, load_weights

_CHECKPOINT, _MEASUREMENTS = "checkpoint.pt", "measurements.jsonl"


def settle(budget: Budget) -> None:
    """Make this process deterministic; raises `HarnessError` if the device is not available."""
    torch.set_num_threads(budget.threads)
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(mode=True)
    if budget.device == "cuda" and not torch.cuda.is_available():
        raise HarnessError("budget.device is cuda, but torch finds no GPU on this machine; use cpu")


def save(parts: Assembly, *, path: Path, update: int, size: int) -> None:
    """Save weights, optimizer, averages, and the length of the measurements at this update."""
    checkpoint = {
        "update": update,
        "bytes": size,
        "weights": {name: weight.detach() for name, weight in parts.model.named_parameters()},
        "optimizer": parts.optimizer.state_dict(),
        "averaging": dict(parts.averager.state()) if parts.averager else {},
    }
    write_tensors(path / _CHECKPOINT, value=checkpoint)


def resume(parts: Assembly, *, path: Path) -> int:
    """Load the last checkpoint, if it is complete; returns the number of its update, or 0."""
    measurements = path / _MEASUREMENTS
    checkpoint = _read(path / _CHECKPOINT)
    size = measurements.stat().st_size if measurements.exists() else 0
    if checkpoint is None or size < checkpoint["bytes"]:
        measurements.unlink(missing_ok=True)
        return 0
    load_weights(parts.model, weights=checkpoint["weights"])
    parts.optimizer.load_state_dict(checkpoint["optimizer"])
    if parts.averager:
        parts.averager.restore(checkpoint["averaging"])
    os.truncate(measurements, checkpoint["bytes"])
    return int(checkpoint["update"])


def drop(path: Path) -> None:
    """Remove the checkpoint of a run that has ended."""
    (path / _CHECKPOINT).unlink(missing_ok=True)


def write_tensors(path: Path, *, value: Mapping[str, Any]) -> None:
    """Write a file of tensors atomically."""
    buffer = io.BytesIO()
    torch.save(value, buffer)
    write_atomically(path, content=buffer.getvalue())


def _read(path: Path) -> Mapping[str, Any] | None:
    """A checkpoint; None if there is none that can be read, which costs time and no result."""
    try:
        checkpoint = torch.load(path, weights_only=True)
        missing = {"update", "bytes", "weights", "optimizer", "averaging"} - set(checkpoint)
    except FileNotFoundError:
        return None
    except Exception as fault:  # noqa: BLE001 - the type depends on the damage
        sys.stderr.write(
            f"{path.name} cannot be read; training restarts from the first update: {fault}\n"
        )
        return None
    return None if missing else checkpoint
