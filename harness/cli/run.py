"""``harness run``: missing runs trained, variants compared, the report written."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from harness.cli import options, output
from harness.cli.interruption import end_on_signals
from harness.runs.reuse import Reuse
from harness.runs.supervision import Pace


@click.command()
@options.STUDY
@options.OUT
@options.SEEDS
@options.reuse(Reuse.IDENTICAL)
@options.JOBS
@options.pace
def run(study: Path, *, out: Path, seeds: int | None, reuse: Reuse, jobs: int, pace: Pace) -> None:
    """Train the missing runs of STUDY, compare its variants, and write the report.

    A diverged run is an outcome: it is counted, and its seed has no pair. A failed run is named,
    the others continue, and the exit status is 1; the next `run` resumes it from its checkpoint.

    Ctrl-C, SIGTERM or SIGHUP end the runs after their current updates, with a checkpoint, within
    five seconds; a second one ends them at once. No option but --seeds and --reuse changes a
    result.

    The results are recorded as inspected.
    """
    from harness import pipeline

    end_on_signals()
    summary = pipeline.run_study(study, out=out, seeds=seeds, jobs=jobs, pace=pace, reuse=reuse)
    output.say(summary.text)
    sys.exit(1 if summary.failed else 0)
