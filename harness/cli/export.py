"""``harness export``: what was found, as a table, and what was trained, as a folder."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness.cli import export_model, options, output
from harness.errors import HarnessError
from harness.runs.reuse import Reuse

if TYPE_CHECKING:
    from harness.planned_study import PlannedStudy
    from harness.report import Report
    from harness.report.export import Form, RunOrigin


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
    "--runs",
    "rows",
    flag_value="runs",
    default="findings",
    help="Print the scores of every run instead of findings.",
)
@click.option(
    "--curves",
    "rows",
    flag_value="curves",
    help="Print what every run measured in training, with its update, instead of findings.",
)
@options.OUT
@options.SEEDS
@options.reuse(Reuse.SAME_STUDY)
@options.JSON
@export_model.or_model
def export(study: Path, *, form: Form, rows: str, as_json: bool, **opening: Any) -> None:
    r"""Print the findings of STUDY as a table, a row for each variant and metric. Trains nothing.

    CSV has every field of findings.json with all its digits; the other formats have the columns of
    a paper. With --runs a row is a score: run, variant, seed, outcome, metric, value, and the
    torch and the code of harness that the run was found with. With --curves a row is a measurement
    on the way: variant, seed, update, split, metric, value. --json prints an object instead of CSV.

    Printing results is recorded as an inspection of them, which the report counts.

    With --weights a trained model leaves: model.safetensors, config.json, vocabulary.json, where it
    can be said tokenizer.json, and a card with the verdict. RUN is a study, with --variant and
    --seed; or the first digits of a run's digest; or a run's folder, whose card has no verdict. A
    study's `starts_from` takes such a folder. Nothing in a folder is overwritten.

    \b
      harness export studies/ablation.yaml --format latex > table.tex
      harness export studies/ablation.yaml --curves > curves.csv
      harness export studies/ablation.yaml --variant no-dropout --seed 2 --weights models/plain
    """
    from harness import pipeline
    from harness.report.export import curve_points, export_curves, export_findings, export_runs
    from harness.runs.planned_run import without_results

    if as_json and form != "csv":
        raise HarnessError("--json and --format: name one of them")
    opened = pipeline.open_study(study, **opening)
    pipeline.say_found_elsewhere(opened)
    if not any(run.exists for run in opened.runs):
        raise HarnessError(without_results(study, path=study, runs=opened.runs))
    report = pipeline.inspect_results(opened)
    if as_json:
        output.say_object(_content(opened, report=report, rows=rows))
        return
    if rows == "runs":
        text = export_runs(report.results, origins=_origins(opened), form=form)
    elif rows == "curves":
        points = curve_points(opened.runs, ledger=opened.ledger)
        text = export_curves(points, form=form)
    else:
        text = export_findings(report.findings, form=form)
    output.say_data(text, newline=False)


def _origins(opened: PlannedStudy) -> Mapping[tuple[str, int], RunOrigin]:
    from harness.report.export import RunOrigin

    return {
        (run.variant, run.seed): RunOrigin(
            run.digest, run.identity.torch, run.identity.code["harness"]
        )
        for run in opened.runs
    }


def _content(opened: PlannedStudy, *, report: Report, rows: str) -> Mapping[str, object]:
    """JSON data: findings, scores or curves; NaN and infinities, which JSON lacks, are None."""
    from harness.report.export import curve_points, scores_table
    from harness.report.write import finding_objects

    if rows == "findings":
        return {"findings": finding_objects(report.findings)}
    if rows == "curves":
        points = curve_points(opened.runs, ledger=opened.ledger)
        curves = [point._asdict() for point in points]
        return {"curves": [{**row, "value": _finite(row["value"])} for row in curves]}
    table = scores_table(report.results, origins=_origins(opened))
    scores = [dict(zip(table.header, row, strict=True)) for row in table.rows]
    return {"scores": [{**row, "value": _finite(row["value"])} for row in scores]}


def _finite(value: Any) -> float | None:
    return value if value is not None and math.isfinite(value) else None
