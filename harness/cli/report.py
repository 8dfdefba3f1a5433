"""``harness report``: the report of a study, written again from the ledger."""

from __future__ import annotations

from pathlib import Path

import click

from harness.cli import options, output
from harness.errors import HarnessError
from harness.runs.reuse import Reuse


@click.command()
@options.STUDY
@options.OUT
@options.SEEDS
@options.reuse(Reuse.SAME_STUDY)
def report(study: Path, *, out: Path, seeds: int | None, reuse: Reuse) -> None:
    """Write the report of STUDY again, from the runs in the ledger. Trains nothing.

    Runs that were found with other code or in another environment are shown, and said to be, as far
    as --reuse counts them as the same. The results are recorded as inspected.
    """
    from harness import pipeline
    from harness.runs.planned_run import without_results

    opened = pipeline.open_study(study, out=out, seeds=seeds, reuse=reuse)
    pipeline.say_found_elsewhere(opened)
    if not any(run.exists for run in opened.runs):
        raise HarnessError(without_results(study, path=study, runs=opened.runs))
    output.say(pipeline.write_report(opened).text)
