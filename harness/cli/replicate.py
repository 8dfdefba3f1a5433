"""``harness replicate``: one's own study, carried out again with fresh seeds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from harness.cli.challenge import challenge_study, with_fresh_seeds
from harness.cli.interruption import end_on_signals


@click.command()
@with_fresh_seeds("replication")
def replicate(study: Path, *, out: Path, **carried_out: Any) -> None:
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
    challenge_study(challenged, **carried_out)
