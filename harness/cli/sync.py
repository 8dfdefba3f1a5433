"""``harness sync``: copy results to trackers."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from harness.cli import options


@click.command()
@options.STUDY
@options.OUT
@options.SEEDS
def sync(study: Path, *, out: Path, seeds: int | None) -> None:
    """Copy what is in the ledger of STUDY to its trackers, MLflow as a rule. Trains nothing.

    Safe to repeat: what is there already is left alone. `harness run` does it as it goes; this is
    for a server that was away, and for results that came from elsewhere.
    """
    from harness import pipeline

    faults = pipeline.sync(pipeline.open_study(study, out=out, seeds=seeds))
    for fault in faults:
        click.echo(fault, err=True)
    sys.exit(1 if faults else 0)
