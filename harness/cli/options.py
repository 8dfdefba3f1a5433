"""Arguments and options that several commands take."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any

import click

from harness.runs.cores import available_cores
from harness.runs.reuse import Reuse
from harness.runs.supervision import Pace

STUDY = click.argument("study", type=click.Path(path_type=Path))


def results(name: str) -> Callable[[Any], Any]:
    """The folder of all results, by the name of its option."""
    return click.option(
        name,
        "out",
        type=click.Path(path_type=Path, file_okay=False),
        default=Path("results"),
        show_default=True,
        help="The folder of all runs and reports.",
    )


OUT = results("--out")
SEEDS = click.option(
    "--seeds", type=click.IntRange(min=1, max=1000), help="Use seeds 1 to N instead of the study's."
)
JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
JOBS = click.option(
    "--jobs",
    type=click.IntRange(min=1),
    default=available_cores(),
    show_default="the number of cores",  # the same help on every machine
    help="How many runs to train at once; never changes a result.",
)
PLUGINS = click.option(
    "--no-plugins",
    "plugin_files",
    flag_value=False,
    default=True,
    type=bool,
    help="Execute none of the plugin files that STUDY names; what they define is then unknown.",
)


def reuse(default: Reuse) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """The runs that count as the same as those of a study, as the parameter `reuse`."""
    return click.option(
        "--reuse",
        type=click.Choice([value.value for value in Reuse]),
        callback=lambda _context, _option, value: Reuse(value),
        default=default.value,
        show_default=True,
        help=(
            "What counts as the same run: one of equal bits; of the same choices, data and code, "
            "whatever the environment; of the same choices and data; any that the last plan had "
            "under this variant and seed."
        ),
    )


_POSITIVE = click.FloatRange(min=0, min_open=True)


def pace(command: Callable[..., None]) -> Callable[..., None]:
    """The options of `Pace`, as one argument, `pace`."""

    @click.option(
        "--checkpoint-minutes",
        type=_POSITIVE,
        default=Pace.checkpoint_minutes,
        show_default=True,
        help="Write a checkpoint this often, besides those after evaluations.",
    )
    @click.option(
        "--timeout",
        type=_POSITIVE,
        help="End a run after so many minutes without an update, a score or output.",
    )
    @wraps(command)
    def wrapper(*, checkpoint_minutes: float, timeout: float | None, **others: Any) -> None:
        minutes = Pace(checkpoint_minutes=checkpoint_minutes, timeout_minutes=timeout)
        command(pace=minutes, **others)

    return wrapper


@dataclass(frozen=True, kw_only=True)
class PlanQuestions:
    """The questions to `plan`: which runs count as the study's, and what is asked beyond them."""

    reuse: Reuse
    effect: float | None
    sd: float | None
    probe_jobs: int | None


def plan_questions(command: Callable[..., None]) -> Callable[..., None]:
    """The options of `PlanQuestions`, as one argument, `questions`."""

    @reuse(Reuse.IDENTICAL)
    @click.option(
        "--effect", type=_POSITIVE, help="Compute the seeds that an effect of this size needs."
    )
    @click.option(
        "--sd",
        type=_POSITIVE,
        help="Assume this sd of paired differences (unpaired: of scores), not that of results.",
    )
    @click.option(
        "--probe", is_flag=True, help="Train each variant for a few updates, and write nothing."
    )
    @JOBS
    @wraps(command)
    def wrapper(
        *,
        probe: bool,
        jobs: int,
        reuse: Reuse,
        effect: float | None,
        sd: float | None,
        **others: Any,
    ) -> None:
        probe_jobs = jobs if probe else None
        questions = PlanQuestions(reuse=reuse, effect=effect, sd=sd, probe_jobs=probe_jobs)
        command(questions=questions, **others)

    return wrapper
