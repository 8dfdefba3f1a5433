"""What a study found, as a table for other programs and for papers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli import options
from harness.errors import HarnessError

if TYPE_CHECKING:
    from harness.report.export import Form


@click.command()
@options.STUDY
@click.option(
    "--format",
    "form",
    type=click.Choice(["csv", "latex", "markdown"]),
    default="csv",
    show_default=True,
    help="LaTeX needs the package booktabs.",
)
@click.option("--runs", "by_run", is_flag=True, help="The scores of every run in their place.")
@options.OUT
@options.SEEDS
def export(study: Path, *, form: Form, by_run: bool, out: Path, seeds: int | None) -> None:
    r"""Print what STUDY found as a table: a row a variant and metric. Trains nothing.

    CSV has every field of findings.json with all its digits; the others have what a paper shows.
    With --runs a row is a score: run, variant, seed, outcome, metric, value.

    \b
      harness export studies/ablation.yaml --format latex > table.tex
    """
    from harness import pipeline
    from harness.report.export import export_findings, export_runs

    opened = pipeline.open_study(study, out=out, seeds=seeds)
    if not any(run.exists for run in opened.runs):
        raise HarnessError(f"{study}: nothing has been run yet; harness run {study}")
    found = opened.find()
    if by_run:
        digests = {(run.variant, run.seed): run.digest for run in opened.runs}
        text = export_runs(found.results, digests=digests, form=form)
    else:
        text = export_findings(found.findings, form=form)
    click.echo(text, nl=False)
