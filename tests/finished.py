"""One run of the tiny study, finished in this process, for tests of what comes after training."""

from __future__ import annotations

from pathlib import Path

import torch
from running import TINY

from harness.loading import load
from harness.planning.plan import plan
from harness.runs import worker
from harness.runs.ledger import Ledger
from harness.runs.planned_run import PlannedRun
from harness.runs.records import RunLocation


def planned(folder: Path) -> PlannedRun:
    """The baseline's run with seed 1."""
    study, plugins = load(folder / "tiny.yaml")
    ledger = Ledger(folder / "results" / "runs")
    return plan(study, plugins=plugins, ledger=ledger, previous={})[0]


def finish(folder: Path) -> Path:
    """Write the study and carry the baseline's first run out, the way a worker does."""
    (folder / "tiny.yaml").write_text(TINY, encoding="utf-8")
    run = planned(folder)
    path = Ledger(folder / "results" / "runs").request(
        run.digest,
        identity=run.identity,
        decodings={run.evaluation: run.decoding},
        location=RunLocation(files=run.files, generation=run.decoding.generation),
    )
    before = torch.are_deterministic_algorithms_enabled()
    worker.perform(path)
    torch.use_deterministic_algorithms(before)
    return folder
