"""``harness sync``: runs in the ledger, copied to trackers."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from harness.cli import options, output
from harness.runs.reuse import Reuse


@click.command()
@options.STUDY
@options.OUT
@options.SEEDS
@options.reuse(Reuse.SAME_STUDY)
@options.JSON
def sync(study: Path, *, out: Path, seeds: int | None, reuse: Reuse, as_json: bool) -> None:
    """Copy the runs of STUDY from the ledger to its trackers, MLflow by default. Trains nothing.

    Safe to repeat: only new facts are copied. `harness run` syncs while it trains; this command is
    for a server that was away, and for results that were copied here.

    It changes no file of the study, and records no inspection. Findings are copied once they have
    been inspected with run, report, export or ui.
    """
    from harness import pipeline

    opened = pipeline.open_study(study, out=out, seeds=seeds, reuse=reuse)
    pipeline.say_found_elsewhere(opened)
    faults = pipeline.sync(opened)
    for fault in faults:
        output.say(fault, err=True)
    if as_json:
        output.say_object({"study": opened.study.name, "failed": faults})
    sys.exit(1 if faults else 0)
