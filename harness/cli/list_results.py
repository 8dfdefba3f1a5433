"""``harness list``: the studies and runs of a results folder, with their states and sizes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli import options, output

if TYPE_CHECKING:
    from harness.runs.inventory import Inventory, StoredRun

_DIGITS = 12  # of a digest, enough to tell runs apart
FOLDER = click.argument(
    "folder", type=click.Path(path_type=Path, file_okay=False), default=Path("results")
)


@click.command("list")
@FOLDER
@click.option("--runs", "by_run", is_flag=True, help="List every run instead of every study.")
@options.JSON
def list_results(folder: Path, *, by_run: bool, as_json: bool) -> None:
    """List the studies of the results in FOLDER: runs by state, size, and the study's file.

    Runs that studies share count in the size of each. FOLDER is `results` unless it is given.
    With --runs, a line for each run: its digest, state, size, and the studies that refer to it.
    """
    from harness.runs.inventory import take_inventory

    inventory = take_inventory(folder)
    if as_json:
        output.say_object(_content(inventory))
        return
    rows = _runs(inventory.runs) if by_run else _studies(inventory)
    output.say(columns(rows) if rows else f"{folder}: no results")


def _studies(inventory: Inventory) -> list[Sequence[str]]:
    rows = [
        (study.name, study.states, size_text(study.total), study.file)
        for study in inventory.studies
    ]
    if inventory.unused:
        size = size_text(sum(run.size for run in inventory.unused))
        count = len(inventory.unused)
        rows.append(("(no study)", f"{count} unused", size, "harness clean removes them"))
    return [*rows]


def _runs(runs: Sequence[StoredRun]) -> list[Sequence[str]]:
    return [(run.digest[:_DIGITS], run.state, size_text(run.size), users(run)) for run in runs]


def users(run: StoredRun) -> str:
    """The studies that refer to a run, or the runs that need it."""
    if run.studies:
        return ", ".join(run.studies)
    needed = ", ".join(digest[:_DIGITS] for digest in run.needed_by)
    return f"needed by {needed}" if needed else "no study"


def columns(rows: Sequence[Sequence[str]]) -> str:
    """Cells in columns, each as wide as its widest."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    padded = ([cell.ljust(width) for cell, width in zip(row, widths, strict=True)] for row in rows)
    return "\n".join("  ".join(cells).rstrip() for cells in padded)


def size_text(size: int) -> str:
    """A number of bytes for people: ``3.2 MB``."""
    for unit, bytes_in_it in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= bytes_in_it:
            return f"{size / bytes_in_it:.1f} {unit}"
    return f"{size} bytes"


def _content(inventory: Inventory) -> Mapping[str, object]:
    """JSON data: studies and runs, a study's runs by their digests."""
    return {
        "studies": [
            {
                "name": study.name,
                "file": study.file,
                "size": study.size,
                "runs": [run.digest for run in study.runs],
            }
            for study in inventory.studies
        ],
        "runs": [{**asdict(run), "folder": str(run.folder)} for run in inventory.runs],
    }
