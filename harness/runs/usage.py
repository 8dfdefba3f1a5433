"""The use that one process makes of its device: memory, and the time in which a GPU computes."""

from __future__ import annotations

import os
import resource
import time

import torch

from harness.contracts.records import Usage

_SAMPLE_EVERY = 1.0  # seconds: NVML's own period is at most that


class Meter:
    """Samples of a GPU's utilization while a run trains on it; `device` is that of its budget."""

    def __init__(self, device: str) -> None:
        self._device = device
        self._samples: list[float] = []
        self._due = 0.0 if device == "cuda" else float("inf")

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
