"""Findings and scores as a table for other programs and for papers: CSV, Markdown, LaTeX."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Literal

from harness.analysis import RunResult, p_text
from harness.contracts import Finding
from harness.report import markdown
from harness.report.numbers import NONE, decimals, difference, number
from harness.report.tables import Table
from harness.study.values import BASELINE

Form = Literal["csv", "latex", "markdown"]

_LATEX = {
    **{each: f"\\{each}" for each in "&%$#_{}"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": "$<$",
    ">": "$>$",
}
_MINUS = re.compile(r"(?<![\w.])-(?=[\d.])")  # of a number, not of a name


def export_findings(findings: Sequence[Finding], *, form: Form) -> str:
    """Every finding: as CSV all its fields with all their digits, else what a paper shows."""
    if form != "csv":
        return _text(_for_papers(findings), form=form)
    names = [field.name for field in fields(Finding) if field.name != "per_seed"]
    rows = [[getattr(finding, name) for name in names] for finding in findings]
    return _text(Table(names, rows, right=len(names)), form=form)


def export_runs(
    results: Sequence[RunResult], *, digests: Mapping[tuple[str, int], str], form: Form
) -> str:
    """Every score of every run that ended, a row each; a run without scores has one row too.

    `digests` says which run a variant and seed is.
    """
    rows: list[Sequence[object]] = []
    for each in results:
        known = [digests[each.variant, each.seed], each.variant, each.seed, each.outcome]
        rows += [[*known, name, value] for name, value in each.scores.items()]
        rows += [] if each.scores else [[*known, None, None]]
    return _text(
        Table(["run", "variant", "seed", "outcome", "metric", "value"], rows, 5), form=form
    )


def _for_papers(findings: Sequence[Finding]) -> Table:
    header = ["metric", "variant", "verdict", "n", BASELINE, "variant mean"]
    rows = []
    for each in findings:
        places = decimals(each)
        means = [number(mean, places=places) for mean in (each.baseline_mean, each.variant_mean)]
        p = NONE if each.p_adjusted is None else p_text(each.p_adjusted)
        rows.append([each.metric, each.variant, each.verdict, each.n, *means, difference(each), p])
    return Table([*header, "difference (95% interval)", "p (Holm)"], rows, right=3)


def _text(table: Table, *, form: Form) -> str:
    if form == "csv":
        file = io.StringIO()
        csv.writer(file, lineterminator="\n").writerows([table.header, *table.rows])
        return file.getvalue()
    rows = [[NONE if cell is None else cell for cell in row] for row in table.rows]
    shown = Table(table.header, rows, table.right)
    return f"{markdown.table(shown)}\n" if form == "markdown" else _latex(shown)


def _latex(table: Table) -> str:
    r"""A tabular with the rules of the package booktabs; needs \\usepackage{booktabs}."""
    columns = "l" * table.right + "r" * (len(table.header) - table.right)
    header, *rows = (" & ".join(map(_escaped, row)) + r" \\" for row in (table.header, *table.rows))
    lines = [rf"\begin{{tabular}}{{{columns}}}", r"\toprule", header, r"\midrule", *rows]
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}"]) + "\n"


def _escaped(cell: object) -> str:
    text = " ".join(str(cell).split())
    return _MINUS.sub("$-$", "".join(_LATEX.get(letter, letter) for letter in text))
