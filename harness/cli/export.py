"""``harness export``: what was found, as a table, and what was trained, as a folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli import export_model, options, output
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
@export_model.or_model
def export(
    study: Path, *, form: Form, by_run: bool, out: Path, seeds: int | None, reuse: Reuse
) -> None:
    r"""Print the findings of STUDY as a table, a row for each variant and metric. Trains nothing.

    CSV has every field of findings.json with all its digits; the other formats have the columns of
    a paper. With --runs a row is a score: run, variant, seed, outcome, metric, value, and the
    torch and the code of harness that the run was found with.

    Printing results is recorded as an inspection of them, which the report counts.

    With --weights a trained model leaves: model.safetensors, config.json, vocabulary.json, where it
    can be said tokenizer.json, and a card with the verdict. RUN is a study, with --variant and
    --seed; or the first digits of a run's digest; or a run's folder, whose card has no verdict. A
    study's `starts_from` takes such a folder. Nothing in a folder is overwritten.

    \b
      harness export studies/ablation.yaml --format latex > table.tex
      harness export studies/ablation.yaml --variant no-dropout --seed 2 --weights models/plain
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
