"""``harness check``: a results folder, verified whole."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from harness.cli import options, output


@click.command()
@click.option("--repair", is_flag=True, help="Remove what is damaged and can be made again.")
@options.OUT
def check(*, repair: bool, out: Path) -> None:
    """Check every file of a results folder against what was written. Trains nothing.

    Prints a line for each fault, and exits with status 1 if there are any. Runs under way are left
    out.

    With --repair, damaged files that can be made again are removed, with those that depend on them:
    `harness run` then trains, decodes or scores what is missing. Damaged lines of the log of
    inspections are removed. Nothing else is touched, and the status is 1 only for what is left.
    """
    from harness.runs.check import faults, mend

    found = list(faults(out))
    for fault in found:
        output.say(mend(fault) if repair else str(fault))
    if not found:
        output.say(f"{out}: no faults")
    sys.exit(1 if any(not (repair and fault.can_be_mended) for fault in found) else 0)
