"""Arguments and options that several commands take."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

STUDY = click.argument("study", type=click.Path(path_type=Path))


def results(name: str) -> Callable[[Any], Any]:
    """The folder of all results, by the name of its option."""
    return click.option(
        name,
        "out",
        type=click.Path(path_type=Path, file_okay=False),
        default=Path("results"),
        show_default=True,
        help="The folder that keeps every run and report.",
    )


OUT = results("--out")
SEEDS = click.option(
    "--seeds", type=click.IntRange(min=1), help="Use seeds 1 to N, whatever the study says."
)
JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
