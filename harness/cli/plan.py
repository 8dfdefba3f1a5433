"""``harness plan``: what a study will do and can show, before it does."""

from __future__ import annotations

from pathlib import Path

import click

from harness.cli import options


@click.command()
@options.STUDY
@options.OUT
@options.SEEDS
@options.JSON
@options.plan_questions
def plan(
    study: Path, *, out: Path, seeds: int | None, as_json: bool, foreseen: options.PlanQuestions
) -> None:
    """Say what STUDY will do and can show, before it does. Trains nothing.

    Every run and, for one that does not exist, why: new; changed option NAME; changed code of
    PLUGIN; changed corpus; interrupted; failed. What each variant changes, what that drags along,
    and what it shares with the baseline. The smallest effect that these seeds can show.

    Effects are in the unit of the primary metric, and --sd is of the differences between a variant
    and the baseline of the same seed. --probe writes nothing, and warns of a variant that changes
    nothing; `harness run` does that too.
    """
    from harness import pipeline
    from harness.planning import preview

    opened = pipeline.open_study(study, out=out, seeds=seeds)
    wish = preview.PowerQuestion(effect=foreseen.effect, sd=foreseen.sd)
    found = pipeline.plan_study(opened, wish=wish, probe_jobs=foreseen.probe_jobs)
    click.echo(preview.as_json(found) if as_json else preview.as_text(found))
