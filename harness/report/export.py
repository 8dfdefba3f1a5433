"""Findings and scores as a table for other programs and for papers: CSV, Markdown, LaTeX."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Literal, NamedTuple

from harness.analysis import RunResult, p_text
from harness.contracts import Finding
from harness.report import markdown
from harness.report.numbers import (
    NOT_AVAILABLE,
    decimal_places,
    difference_header,
    difference_text,
    number_text,
    p_header,
)
from harness.report.tables import Table, verdict_text
from harness.runs.ledger import Ledger
from harness.runs.planned_run import PlannedRun
from harness.study.values import BASELINE

Form = Literal["csv", "latex", "markdown"]

_LATEX = {
    **{character: f"\\{character}" for character in "&%$#_{}"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    # As text, these two print as inverted marks in LaTeX's default encoding.
    "<": "$<$",
    ">": "$>$",
}
_MINUS = re.compile(r"(?<![\w.])-(?=[\d.])")  # the sign of a number, not a hyphen in a name


def export_findings(findings: Sequence[Finding], *, form: Form) -> str:
    """Every finding: all fields at full precision in CSV, otherwise the columns of a paper."""
    if form != "csv":
        notes = dict.fromkeys(finding.deviations for finding in findings if finding.deviations)
        return _text(_paper_table(findings), form=form) + _notes([*notes], form=form)
    names = [field.name for field in fields(Finding) if field.name != "per_seed"]
    rows = [[getattr(finding, name) for name in names] for finding in findings]
    return _text(Table(names, rows, right=len(names)), form=form)


class RunOrigin(NamedTuple):
    """A run's digest, its version of torch, and the digest of the core's code that trained it."""

    digest: str
    torch: str
    code: str


class CurvePoint(NamedTuple):
    """A number measured in training; the update 0 is before it."""

    variant: str
    seed: int
    update: int
    split: str
    metric: str
    value: float


def curve_points(runs: Sequence[PlannedRun], *, ledger: Ledger) -> list[CurvePoint]:
    """Everything that was measured in the training of these runs, one after another."""
    return [
        CurvePoint(run.variant, run.seed, *measured)
        for run in runs
        for measured in ledger.measurements(run.digest)
    ]


def export_curves(points: Sequence[CurvePoint], *, form: Form) -> str:
    """Measurements, one per row."""
    return _text(Table(CurvePoint._fields, points, right=4), form=form)


def export_runs(
    results: Sequence[RunResult], *, origins: Mapping[tuple[str, int], RunOrigin], form: Form
) -> str:
    """Every score of every run that ended, one per row; a run without scores has one row too.

    `origins` is by variant and seed.
    """
    return _text(scores_table(results, origins=origins), form=form)


def scores_table(
    results: Sequence[RunResult], *, origins: Mapping[tuple[str, int], RunOrigin]
) -> Table:
    """The table that `export_runs` writes."""
    rows: list[Sequence[object]] = []
    for run in results:
        digest, *found_with = origins[run.variant, run.seed]
        key = [digest, run.variant, run.seed, run.outcome]
        rows += [[*key, name, value, *found_with] for name, value in run.scores.items()]
        rows += [] if run.scores else [[*key, None, None, *found_with]]
    header = ["run", "variant", "seed", "outcome", "metric", "value", "torch", "code"]
    return Table(header, rows, 5)


def _paper_table(findings: Sequence[Finding]) -> Table:
    ranked = any(finding.n_ranked for finding in findings)
    of = " of finished pairs" if ranked else ""
    counts = ["n finished", "n ranked"] if ranked else ["n"]
    plain = all(finding.against == BASELINE for finding in findings)
    against = f"{BASELINE if plain else 'comparator'}{of}"
    header = ["metric", "variant", "verdict", *counts, against, f"variant mean{of}"]
    rows = []
    for finding in findings:
        places = decimal_places(finding)
        means = (finding.baseline_mean, finding.variant_mean)
        p = NOT_AVAILABLE if finding.p_adjusted is None else p_text(finding.p_adjusted)
        row = [finding.metric, finding.label, verdict_text(finding.verdict), finding.n]
        row += [finding.n_ranked] if ranked else []
        row += [number_text(mean, places=places) for mean in means]
        rows.append([*row, difference_text(finding), p])
    return Table([*header, difference_header(findings, of=of), p_header(findings)], rows, right=3)


def _notes(notes: Sequence[str], *, form: Form) -> str:
    """What a reader of the table must know with it, as paragraphs below."""
    if form == "markdown":
        return "".join(f"\n{markdown.escape(note)}\n" for note in notes)
    return "".join(f"\\par\\noindent {_escaped(note)}\n" for note in notes)


def _text(table: Table, *, form: Form) -> str:
    if form == "csv":
        file = io.StringIO()
        # csv's own default is \r\n on every system.
        csv.writer(file, lineterminator="\n").writerows([table.header, *table.rows])
        return file.getvalue()
    rows = [[NOT_AVAILABLE if cell is None else cell for cell in row] for row in table.rows]
    complete = Table(table.header, rows, table.right)
    return f"{markdown.table(complete)}\n" if form == "markdown" else _latex(complete)


def _latex(table: Table) -> str:
    r"""A tabular with horizontal rules; the paper needs \\usepackage{booktabs}."""
    columns = "l" * table.right + "r" * (len(table.header) - table.right)
    header, *rows = (" & ".join(map(_escaped, row)) + r" \\" for row in (table.header, *table.rows))
    lines = [rf"\begin{{tabular}}{{{columns}}}", r"\toprule", header, r"\midrule", *rows]
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}"]) + "\n"


def _escaped(cell: object) -> str:
    text = " ".join(str(cell).split())
    return _MINUS.sub("$-$", "".join(_LATEX.get(letter, letter) for letter in text))
