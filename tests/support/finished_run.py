"""One finished run of the tiny study, for tests of everything after training."""

from __future__ import annotations

from pathlib import Path

import torch

from harness.loading import load
from harness.planning.plan import plan
from harness.runs import worker
from harness.runs.ledger import Ledger
from harness.runs.planned_run import PlannedRun
from harness.runs.records import RunLocation
from support.tiny_study import TINY


def planned(folder: Path) -> PlannedRun:
    """The planned run of the baseline with seed 1."""
    study, plugins = load(folder / "tiny.yaml")
    ledger = Ledger(folder / "results" / "runs")
    return plan(study, plugins=plugins, ledger=ledger, previous={})[0]


def requested(folder: Path, *, text: str = TINY) -> Path:
    """Write the study and request its first baseline run; the folder of the run."""
    (folder / "tiny.yaml").write_text(text, encoding="utf-8")
    run = planned(folder)
    return Ledger(folder / "results" / "runs").request(
        run.digest,
        identity=run.identity,
        decodings={run.evaluation: run.decoding},
        location=RunLocation(files=run.files, generation=run.decoding.generation),
    )


def finish(folder: Path) -> Path:
    """Carry the first baseline run of the study out as a worker does, in this process."""
    path = requested(folder)
    before = torch.are_deterministic_algorithms_enabled()
    worker.perform(path)
    torch.use_deterministic_algorithms(before)
    return folder
