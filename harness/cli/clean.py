"""``harness clean``: runs that no study refers to, shown, and removed if asked."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli import options, output
from harness.cli.list_results import FOLDER, columns, size_text, users
from harness.errors import HarnessError
from harness.notices import warn

if TYPE_CHECKING:
    from harness.runs.inventory import Inventory, StoredCorpus, StoredRun, StoredStudy

_DIGITS = 12  # of a digest
_NOTHING = "nothing is removed without --yes"


@click.command()
@FOLDER
@click.option(
    "--study",
    "names",
    metavar="NAME",
    multiple=True,
    help="Remove this study too: its report, and the runs that no other study refers to.",
)
@click.option("--yes", is_flag=True, help="Remove what is shown; without it nothing is removed.")
@options.JSON
def clean(folder: Path, *, names: tuple[str, ...], yes: bool, as_json: bool) -> None:
    r"""Show the runs in FOLDER that no study refers to; with --yes, remove them.

    A study of FOLDER refers to the runs that it was planned with last, of every variant and seed
    that it ever had, and to the runs that these start from. Runs under way stay, and so does the
    record of plans and inspections. A corpus that was tokenized goes with the last run that was
    made of it. FOLDER is `results` unless it is given.

    \b
      harness clean                          what could go, and its size
      harness clean --yes                    remove it
      harness clean --study old-idea --yes   a study with its report and its own runs as well
    """
    from harness.runs.inventory import remove, take_inventory

    inventory = take_inventory(folder)
    for place in inventory.unplanned:
        fault = "no plan, so that its runs are not known; `harness run` its study"
        raise HarnessError(f"{place}: {fault}, or remove that folder")
    studies = [_study(inventory, name=name, folder=folder) for name in dict.fromkeys(names)]
    shown = [*inventory.unused, *inventory.only_of(names)]
    runs = [run for run in shown if not run.running]
    for run in shown:
        if run.running:
            warn(f"{run.folder}: stays, as it is {run.state}")
    corpora = inventory.corpora_without(runs)
    folders = [*(study.folder for study in studies), *(corpus.folder for corpus in corpora)]
    if not as_json:
        lines = _shown(studies, runs=runs, corpora=corpora)
        output.say(lines or f"{folder}: nothing to remove")
    for run in runs if yes else ():
        remove(run)
    for place in folders if yes else ():
        shutil.rmtree(place)
    size = sum([stored.size for stored in runs] + [stored.size for stored in studies])
    size += sum(stored.size for stored in corpora)
    if as_json:
        content = {"runs": [run.digest for run in runs], "studies": [*dict.fromkeys(names)]}
        output.say_object({"folder": str(folder), **content, "size": size, "removed": yes})
    elif runs or folders:
        total = size_text(size)
        output.say(f"removed: {total}" if yes else f"{total} in all; {_NOTHING}")


def _shown(
    studies: Sequence[StoredStudy],
    *,
    runs: Sequence[StoredRun],
    corpora: Sequence[StoredCorpus],
) -> str:
    """A line for each study, run and corpus; empty without any."""
    rows = [(str(study.folder), "report", size_text(study.size), "") for study in studies]
    rows += map(_row, runs)
    rows += [(_short(corpus.folder), "tokens", size_text(corpus.size), "") for corpus in corpora]
    return columns(rows) if rows else ""


def _row(run: StoredRun) -> tuple[str, str, str, str]:
    return _short(run.folder), run.state, size_text(run.size), users(run)


def _short(folder: Path) -> str:
    return str(folder.parent / folder.name[:_DIGITS])


def _study(inventory: Inventory, *, name: str, folder: Path) -> StoredStudy:
    from harness.registry.option_types import shown, suggestion

    studies = {study.name: study for study in inventory.studies}
    if name not in studies:
        rest = suggestion(name, among=studies, otherwise="there are")
        raise HarnessError(f"{folder}: no study named {shown(name)}; {rest}")
    if any(run.running for run in studies[name].runs):
        raise HarnessError(f"{folder}: {name} has runs under way; stop them first")
    return studies[name]
