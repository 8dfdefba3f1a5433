"""``harness merge``: finished runs of other machines, taken into a results folder."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import click

from harness.cli import output


@click.command()
@click.argument(
    "sources", metavar="SOURCE...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@click.option(
    "--into",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="The results folder that takes them, as of --out.",
)
def merge(sources: tuple[Path, ...], *, into: Path) -> None:
    r"""Take the finished runs of each SOURCE, a results folder or an archive, into another folder.

    A run that is not there is checked and copied whole. One that is there already may gain
    decodings, and weights, but is never written over: if a number differs, the run is named, both
    stay as they are, and the exit status is 1. Runs that are not finished, or damaged, are left out
    with a line. Inspections are added to the logs. Runs no plugin file.

    \b
      harness merge /mnt/other/results friend-results.zip --into results
    """
    from harness.exchange.merge import merge as merge_runs

    fates: Counter[str] = Counter()
    for source in sources:
        for merged in merge_runs(source, into=into):
            fates[merged.fate] += 1
            if merged.fate not in ("added", "there"):
                output.say(merged.line)
    counts = ", ".join(f"{count} {fate}" for fate, count in fates.items())
    output.say(f"{into}: {counts or 'no runs to add'}")
    sys.exit(1 if fates["conflict"] else 0)
