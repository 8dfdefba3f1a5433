"""The GPUs of this machine, and the one on which a run is placed."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

VISIBLE = "CUDA_VISIBLE_DEVICES"  # read by CUDA when a process first uses it


def visible() -> list[str]:
    """The GPUs that this process may use, by the numbers or UUIDs that CUDA knows them by."""
    if VISIBLE not in os.environ:
        import torch  # not by a study without GPUs: it takes seconds

        return [str(number) for number in range(torch.cuda.device_count())]
    names = [name.strip() for name in os.environ[VISIBLE].split(",")]
    # As CUDA reads it: a name that means nothing hides all that follow it.
    end = next((place for place, name in enumerate(names) if name in ("", "-1")), len(names))
    return names[:end]


def least_loaded(gpus: Sequence[str], *, occupied: Iterable[str]) -> str:
    """The GPU with the fewest runs, the first of several; `occupied` has the GPU of every run."""
    runs = Counter(occupied)
    return min(gpus, key=lambda gpu: runs[gpu])


def wants_gpu(path: Path) -> bool:
    """True for a run that trains on a GPU, by its identity in the ledger."""
    try:
        identity = json.loads((path / "run.json").read_bytes())
        return bool(identity["experiment"]["budget"]["device"] == "cuda")
    except (OSError, ValueError, LookupError, TypeError):  # the run's own process says what it is
        return False
