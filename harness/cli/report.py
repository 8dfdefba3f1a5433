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
@click.option(
    "--into",
    type=click.Path(path_type=Path),
    help="Of an archive: unpack it into this new folder.",
)
@options.reuse(Reuse.SAME_STUDY)
@options.JSON
def report(
    study: Path, *, out: Path, seeds: int | None, into: Path | None, reuse: Reuse, as_json: bool
) -> None:
    """Write the report of STUDY again, from the runs in the ledger. Trains nothing.

    Runs that were found with other code or in another environment are shown, and said to be, as far
    as --reuse counts them as the same. The results are recorded as inspected.

    STUDY may be a file that `harness archive` wrote. Then every file in it is checked, and the
    report that it was sent with is shown; no corpus is needed, and none of its code is run.
    --json prints an object as `harness run` does; of an archive, its text, and the folder that
    --into names, whose findings.json has the findings.
    """
    from harness import pipeline
    from harness.exchange.archive import is_archive, open_archive
    from harness.report.screen import paragraph
    from harness.runs.planned_run import without_results

    if is_archive(study):
        if seeds is not None:
            raise HarnessError(f"{study}: an archive has its own seeds; leave out --seeds")
        text = open_archive(study, into=into)
        if as_json:
            output.say_object({"text": text, "folder": into and str(into)})
        else:
            output.say_lines(lambda screen: paragraph(text, screen=screen))
        return
    if into is not None:
        raise HarnessError(f"--into goes with an archive, and {study} is none")
    opened = pipeline.open_study(study, out=out, seeds=seeds, reuse=reuse)
    pipeline.say_found_elsewhere(opened)
    if not any(run.exists for run in opened.runs):
        raise HarnessError(without_results(study, path=study, runs=opened.runs))
    summary = pipeline.write_report(opened)
    if as_json:
        output.say_json(summary.json, newline=False)
    else:
        output.say_lines(summary.lines)
