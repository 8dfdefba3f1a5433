"""``harness run``: missing runs trained, variants compared, the report written."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from harness.cli import options, output
from harness.cli.exit_status import DONE, FAILED, LIMIT
from harness.cli.interruption import end_on_signals
from harness.runs.reuse import Reuse


@click.command()
@options.STUDY
@options.OUT
@options.SEEDS
@options.reuse(Reuse.IDENTICAL)
@options.JOBS
@options.pace
@options.spending
@options.JSON
def run(study: Path, *, as_json: bool, **carried_out: Any) -> None:
    """Train the missing runs of STUDY, compare its variants, and write the report.

    A diverged run is an outcome: it is counted, and its seed has no pair. A failed run is named,
    the others continue, and the exit status is 1; the next `run` resumes it from its checkpoint.

    Ctrl-C, SIGTERM or SIGHUP end the runs after their current updates, with a checkpoint, within
    five seconds; a second one ends them at once. So does the end of --max-hours, after which what
    there is is reported, and the exit status is 3: the same command continues. No option but
    --seeds and --reuse changes a result.

    The results are recorded as inspected. --json prints one object: study, question, metric, split,
    higher_is_better, seeds, answer, findings (as in findings.json), failed (a line each), remaining
    (runs that a limit left undone) and report (its path).
    """
    from harness import pipeline

    end_on_signals()
    summary = pipeline.run_study(study, **carried_out)
    if as_json:
        output.say_json(summary.json, newline=False)
    else:
        output.say_lines(summary.lines)
    sys.exit(FAILED if summary.failed else LIMIT if summary.remaining else DONE)
