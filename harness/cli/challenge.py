"""``harness challenge``: a study's plan, carried out again with fresh seeds."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness.cli import options, output
from harness.cli.interruption import end_on_signals
from harness.runs.supervision import Pace

if TYPE_CHECKING:
    from harness.exchange.challenge import Challenged


def with_fresh_seeds(into: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """The arguments of a command that carries a plan out again, by default into this folder."""
    parameters = (
        options.STUDY,
        click.option(
            "--seeds",
            type=click.IntRange(min=2),
            help="The number of fresh seeds; as many by default.",
        ),
        click.option(
            "--into",
            default=Path(into),
            show_default=True,
            type=click.Path(path_type=Path, file_okay=False),
            help="The folder for the new results.",
        ),
        options.OUT,
        options.JOBS,
        options.pace,
        options.JSON,
    )

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        for parameter in reversed(parameters):  # as with decorators: the last is applied first
            command = parameter(command)
        return command

    return decorate


@click.command()
@with_fresh_seeds("challenge")
def challenge(study: Path, *, into: Path, out: Path, **carried_out: Any) -> None:
    r"""Carry out the plan of STUDY again with seeds that it has not used, and compare the verdicts.

    STUDY is a study that has been run, or a file that `harness archive` wrote: its plugin files are
    then run, as in every training. Corpora are not in the file: a study that names its own finds
    them where it names them, from its place in the folder that --into names.

    Baseline, variants, primary metric, margin and method are those of the study; one whose options
    or corpora have changed since is refused. A line for each variant says if its verdict held, and
    if its difference is within what the first seeds let one expect of so many new ones (95%). The
    exit status is 1 if a verdict did not hold, or if a run failed.

    The results are recorded as inspected.

    \b
      harness challenge studies/ablation.yaml --seeds 5
      harness challenge ablation-results.zip
    """
    from harness.exchange import challenge as challenges
    from harness.exchange.archive import is_archive

    end_on_signals()
    if is_archive(study):
        challenged = challenges.challenged_archive(study, into=into)
    else:
        challenged = challenges.challenged_study(study, out=out)
    challenge_study(challenged, into=into, **carried_out)


def challenge_study(
    challenged: Challenged,
    *,
    seeds: int | None,
    into: Path,
    jobs: int | None,
    pace: Pace,
    as_json: bool,
) -> None:
    """Carry out the plan of a study again, print the fate of its verdicts, and exit."""
    from rich.text import Text

    from harness.exchange.challenge import challenge as carry_out
    from harness.report.screen import Screen, paragraph

    summary, fates = carry_out(challenged, seeds=seeds, into=into, jobs=jobs, pace=pace)

    def lines(screen: Screen) -> Iterator[Text]:
        yield from summary.lines(screen)
        yield Text("")
        for fate in fates:
            yield from paragraph(str(fate), screen=screen)

    if as_json:
        verdicts = [{**asdict(fate), "held": fate.held} for fate in fates]
        output.say_object({**summary.content, "verdicts": verdicts})
    else:
        output.say_lines(lines)
    sys.exit(1 if summary.failed or not all(fate.held for fate in fates) else 0)
