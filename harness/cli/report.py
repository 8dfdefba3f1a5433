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
@click.option(
    "--into",
    type=click.Path(path_type=Path),
    help="Of an archive: unpack it into this new folder.",
)
def report(study: Path, *, out: Path, seeds: int | None, into: Path | None) -> None:
    """Write the report of STUDY again, from the runs in the ledger. Trains nothing.

    The results are recorded as inspected.

    STUDY may be a file that `harness archive` wrote. Then every file in it is checked, and the
    report that it was sent with is shown; no corpus is needed, and none of its code is run.
    """
    from harness import pipeline
    from harness.exchange.archive import is_archive, open_archive

    if is_archive(study):
        if seeds is not None:
            raise HarnessError(f"{study}: an archive has its own seeds; leave out --seeds")
        output.say(open_archive(study, into=into))
        return
    if into is not None:
        raise HarnessError(f"--into goes with an archive, and {study} is none")
    opened = pipeline.open_study(study, out=out, seeds=seeds)
    if not any(run.exists for run in opened.runs):
        raise HarnessError(f"{study}: nothing has been run yet; harness run {study}")
    output.say(pipeline.write_report(opened).text)
