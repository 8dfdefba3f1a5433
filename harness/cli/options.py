"""Arguments and options that several commands take."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import wraps
from pathlib import Path
from typing import Any

import click

from harness.runs.reuse import Reuse
from harness.runs.spending import Spending
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
_IN_JSON = "harness: answers in JSON"
JSON_HELP = "Print a JSON object for programs; `harness schema --of` describes it."
JSON = click.option("--json", "as_json", is_flag=True, help=JSON_HELP)


def note_json(context: click.Context, *, words: Sequence[str]) -> None:
    """Note, for all of the command line, whether its words ask for JSON.

    The option itself is too late: a word that click refuses ends the parsing before it is read.
    """
    options = itertools.takewhile(lambda word: word != "--", words)
    context.meta[_IN_JSON] = "--json" in options


def in_json() -> bool:
    """True if the command under way is to answer in JSON."""
    context = click.get_current_context(silent=True)
    return bool(context and context.meta.get(_IN_JSON))


JOBS = click.option(
    "--jobs",
    type=click.IntRange(min=1),
    show_default="the number of cores, or of places on GPUs",
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


def spending(command: Callable[..., None]) -> Callable[..., None]:
    """The options of `Spending`, as a part of the argument `pace`."""

    @click.option("--max-runs", type=click.IntRange(min=1), help="Begin at most so many runs.")
    @click.option(
        "--max-hours",
        type=_POSITIVE,
        help="After so many hours, end the runs under way with a checkpoint.",
    )
    @wraps(command)
    def wrapper(
        *, max_runs: int | None, max_hours: float | None, pace: Pace, **others: Any
    ) -> None:
        limits = Spending(max_runs=max_runs, max_hours=max_hours)
        command(pace=replace(pace, spending=limits), **others)

    return wrapper


@dataclass(frozen=True, kw_only=True)
class PlanQuestions:
    """The questions to `plan`: which runs count as the study's, and what is asked beyond them.

    With `probe`, variants are trained for a few updates, `jobs` at once if that is not None.
    """

    reuse: Reuse
    effect: float | None
    sd: float | None
    probe: bool
    jobs: int | None


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
        jobs: int | None,
        reuse: Reuse,
        effect: float | None,
        sd: float | None,
        **others: Any,
    ) -> None:
        questions = PlanQuestions(reuse=reuse, effect=effect, sd=sd, probe=probe, jobs=jobs)
        command(questions=questions, **others)

    return wrapper
