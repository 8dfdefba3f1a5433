"""The use that one process makes of its device: memory, time of computing, pace of updates."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Sequence

import torch

from harness.contracts import Measurement
from harness.contracts.records import Usage

_SAMPLE_EVERY = 1.0  # seconds: NVML's own period is at most that
_LEAST = 10.0  # seconds of updates, so that what a pace leads to costs little beside them


class Meter:
    """The use of a device, `device` in the budget, while a run trains on it."""

    def __init__(self, device: str) -> None:
        self._device = device
        self._samples: list[float] = []
        self._due = 0.0 if device == "cuda" else float("inf")
        self._noted: float | None = None  # the time at which the last update was
        self._seconds, self._tokens = 0.0, 0.0

    def note(self, measurements: Sequence[Measurement]) -> None:
        """Note an update, and the time since the one before unless it includes an evaluation."""
        self.sample()
        now = time.perf_counter()
        if self._noted is not None and all(row.split == "train" for row in measurements):
            self._seconds += now - self._noted
            self._tokens += sum(row.value for row in measurements if row.metric == "target_tokens")
        self._noted = now

    @property
    def tokens_per_second(self) -> float | None:
        """Target tokens a second of the updates themselves; None if they took a few seconds."""
        return self._tokens / self._seconds if self._seconds >= _LEAST else None

    def sample(self) -> None:
        """Note the utilization, unless that was done a moment ago."""
        if time.monotonic() < self._due:
            return
        try:
            self._samples.append(torch.cuda.utilization() / 100)
        except Exception:  # noqa: BLE001 - pynvml or a driver may lack it, which must cost no run
            self._due = float("inf")
        else:
            self._due = time.monotonic() + _SAMPLE_EVERY

    def usage(self) -> Usage:
        """The use up to now."""
        samples = self._samples
        return Usage(
            device=torch.cuda.get_device_name() if self._device == "cuda" else self._device,
            index=_index() if self._device == "cuda" else None,
            peak_memory=peak_memory(self._device),
            utilization=round(sum(samples) / len(samples), 4) if samples else None,
        )


def peak_memory(device: str) -> int:
    """The peak memory of this process on its device, in bytes."""
    if device == "cuda":
        return torch.cuda.max_memory_allocated()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024  # which Linux counts in KiB


def _index() -> str:
    """The number or UUID of the current GPU on its machine; torch counts the visible ones."""
    current, visible = torch.cuda.current_device(), os.environ.get("CUDA_VISIBLE_DEVICES")
    return visible.split(",")[current].strip() if visible else str(current)
