"""``harness export``: the findings of a study as a table for other programs and for papers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli import options, output
from harness.errors import HarnessError
from harness.runs.reuse import Reuse

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
@click.option(
    "--runs", "by_run", is_flag=True, help="Print the scores of every run instead of findings."
)
@options.OUT
@options.SEEDS
@options.reuse(Reuse.SAME_STUDY)
def export(
    study: Path, *, form: Form, by_run: bool, out: Path, seeds: int | None, reuse: Reuse
) -> None:
    r"""Print the findings of STUDY as a table, a row for each variant and metric. Trains nothing.

    CSV has every field of findings.json with all its digits; the other formats have the columns of
    a paper. With --runs a row is a score: run, variant, seed, outcome, metric, value, and the
    torch and the code of harness that the run was found with.

    Printing results is recorded as an inspection of them, which the report counts.

    \b
      harness export studies/ablation.yaml --format latex > table.tex
    """
    from harness import pipeline
    from harness.report.export import RunOrigin, export_findings, export_runs
    from harness.runs.planned_run import without_results

    opened = pipeline.open_study(study, out=out, seeds=seeds, reuse=reuse)
    pipeline.say_found_elsewhere(opened)
    if not any(run.exists for run in opened.runs):
        raise HarnessError(without_results(study, path=study, runs=opened.runs))
    report = pipeline.inspect_results(opened)
    if by_run:
        origins = {
            (run.variant, run.seed): RunOrigin(
                run.digest, run.identity.torch, run.identity.code["harness"]
            )
            for run in opened.runs
        }
        text = export_runs(report.results, origins=origins, form=form)
    else:
        text = export_findings(report.findings, form=form)
    output.say_data(text, newline=False)
