"""Arguments and options that several commands take."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
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
JOBS = click.option(
    "--jobs",
    type=click.IntRange(min=1),
    default=len(os.sched_getaffinity(0)),
    show_default="the cores",
    help="How many runs to train at once; never changes a result.",
)
_POSITIVE = click.FloatRange(min=0, min_open=True)


@dataclass(frozen=True, kw_only=True)
class PlanQuestions:
    """What `plan` is asked to find out beyond the runs."""

    effect: float | None
    sd: float | None
    probe_jobs: int | None


def plan_questions(command: Callable[..., None]) -> Callable[..., None]:
    """The options of what is to be found out, as one argument, `plan_questions`."""

    @click.option("--effect", type=_POSITIVE, help="Say how many seeds an effect so large needs.")
    @click.option("--sd", type=_POSITIVE, help="The spread to reckon with, whatever results say.")
    @click.option("--probe", is_flag=True, help="Try each variant for a few updates.")
    @JOBS
    @wraps(command)
    def asked(
        *, effect: float | None, sd: float | None, probe: bool, jobs: int, **others: Any
    ) -> None:
        found = PlanQuestions(effect=effect, sd=sd, probe_jobs=jobs if probe else None)
        command(foreseen=found, **others)

    return asked
