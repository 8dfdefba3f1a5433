"""``harness report``: the report of a study, written again from the ledger."""

from __future__ import annotations

from pathlib import Path

import click

from harness.cli import options, output
from harness.errors import HarnessError


@click.command()
@options.STUDY
@options.OUT
@options.SEEDS
def report(study: Path, *, out: Path, seeds: int | None) -> None:
    """Write the report of STUDY again, from the runs in the ledger. Trains nothing.

    The results are recorded as inspected.
    """
    from harness import pipeline

    opened = pipeline.open_study(study, out=out, seeds=seeds)
    if not any(run.exists for run in opened.runs):
        raise HarnessError(f"{study}: nothing has been run yet; harness run {study}")
    output.say(pipeline.write_report(opened).text)
