"""``harness check``: a results folder, verified whole."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli import options, output

if TYPE_CHECKING:
    from harness.runs.check import StoredFault


@click.command()
@click.option("--repair", is_flag=True, help="Remove what is damaged and can be made again.")
@options.OUT
@options.JSON
def check(*, repair: bool, out: Path, as_json: bool) -> None:
    """Check every file of a results folder against what was written. Trains nothing.

    Prints a line for each fault, and exits with status 1 if there are any. Runs under way are left
    out.

    With --repair, damaged files that can be made again are removed, with those that depend on them:
    `harness run` then trains, decodes or scores what is missing. Damaged lines of the log of
    inspections are removed. Nothing else is touched, and the status is 1 only for what is left.
    """
    from harness.runs.check import faults, mend

    found = list(faults(out))
    lines: list[str] = []
    for fault in found:
        lines.append(mend(fault) if repair else str(fault))
        if not as_json:
            output.say(lines[-1])
    if as_json:
        damage = [_content(fault, line=line) for fault, line in zip(found, lines, strict=True)]
        output.say_object({"folder": str(out), "damage": damage})
    elif not found:
        output.say(f"{out}: no faults")
    sys.exit(1 if any(not (repair and fault.can_be_mended) for fault in found) else 0)


def _content(fault: StoredFault, *, line: str) -> Mapping[str, object]:
    """A fault as JSON data; `line` is what a person is told."""
    names = {"path": str(fault.path), "fault": fault.fault, "way_out": fault.way_out}
    return {**names, "can_be_mended": fault.can_be_mended, "line": line}
