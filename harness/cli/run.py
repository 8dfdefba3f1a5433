"""``harness run``: missing runs trained, variants compared, the report written."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import click

from harness.cli import options, output


@click.command()
@options.STUDY
@options.OUT
@options.SEEDS
@options.JOBS
def run(study: Path, *, out: Path, seeds: int | None, jobs: int) -> None:
    """Train the missing runs of STUDY, compare its variants, and write the report.

    A diverged run is an outcome: it is counted, and its seed has no pair. A failed run is named,
    the others continue, and the exit status is 1; the next `run` resumes it from its checkpoint.

    The results are recorded as inspected.
    """
    from harness import pipeline

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    summary = pipeline.run_study(study, out=out, seeds=seeds, jobs=jobs)
    output.say(summary.text)
    sys.exit(1 if summary.failed else 0)
