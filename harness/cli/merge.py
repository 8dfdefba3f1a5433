"""``harness merge``: finished runs of other machines, taken into a results folder."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli import options, output

if TYPE_CHECKING:
    from harness.exchange.merge import Merged


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
@options.JSON
def merge(sources: tuple[Path, ...], *, into: Path, as_json: bool) -> None:
    r"""Take the finished runs of each SOURCE, a results folder or an archive, into another folder.

    A run that is not there is checked and copied whole. One that is there already may gain
    decodings, and weights, but is never written over: if a number differs, the run is named, both
    stay as they are, and the exit status is 1. Runs that are not finished, or damaged, are left out
    with a line. Inspections are added to the logs. Runs no plugin file.

    \b
      harness merge /mnt/other/results friend-results.zip --into results
    """
    from harness.exchange.merge import merge as merge_runs

    runs: list[Merged] = []
    for source in sources:
        for merged in merge_runs(source, into=into):
            runs.append(merged)
            if merged.fate not in ("added", "there") and not as_json:
                output.say(merged.line)
    fates = Counter(merged.fate for merged in runs)
    if as_json:
        output.say_object({"into": str(into), "runs": [asdict(merged) for merged in runs]})
    else:
        counts = ", ".join(f"{count} {fate}" for fate, count in fates.items())
        output.say(f"{into}: {counts or 'no runs to add'}")
    sys.exit(1 if fates["conflict"] else 0)
