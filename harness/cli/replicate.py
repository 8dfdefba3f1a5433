"""``harness replicate``: one's own study, carried out again with fresh seeds."""

from __future__ import annotations

from pathlib import Path

import click

from harness.cli import options
from harness.cli.challenge import challenge_study
from harness.cli.interruption import end_on_signals
from harness.runs.supervision import Pace


@click.command()
@options.STUDY
@click.option(
    "--seeds", type=click.IntRange(min=2), help="The number of fresh seeds; as many by default."
)
@click.option(
    "--into",
    default=Path("replication"),
    show_default=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder for the new results.",
)
@options.OUT
@options.JOBS
@options.pace
def replicate(
    study: Path, *, seeds: int | None, into: Path, out: Path, jobs: int, pace: Pace
) -> None:
    r"""Carry out the plan of STUDY again with fresh seeds, and say which verdicts held.

    It does to a study of one's own what `harness challenge` does to anybody's. `harness pool` then
    pools both.

    \b
      harness replicate studies/ablation.yaml
      harness pool studies/ablation.yaml replication/results/ablation
    """
    from harness.exchange import challenge as challenges

    end_on_signals()
    challenged = challenges.challenged_study(study, out=out)
    challenge_study(challenged, seeds=seeds, into=into, jobs=jobs, pace=pace)
