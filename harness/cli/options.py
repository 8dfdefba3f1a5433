"""Arguments and options that several commands take."""

from __future__ import annotations

from pathlib import Path

import click

STUDY = click.argument("study", type=click.Path(path_type=Path))
OUT = click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("results"),
    show_default=True,
    help="The folder that keeps every run and report.",
)
SEEDS = click.option(
    "--seeds", type=click.IntRange(min=1), help="Use seeds 1 to N, whatever the study says."
)
JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
