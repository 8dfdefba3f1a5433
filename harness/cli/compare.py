"""Runs that exist already, or scores from elsewhere, held against each other."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import fields
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness.cli import options
from harness.errors import HarnessError

if TYPE_CHECKING:
    from harness.comparing.options import ComparisonOptions
    from harness.report import Report

_STANDARD_INPUT = "-"
_OF_FILE = ("baseline", "lower_is_better", "split")


def _termed(command: Callable[..., None]) -> Callable[..., None]:
    """The options of how to compare, as one argument, `terms`."""

    @click.option("--baseline", metavar="NAME", help="Of FILE: what the others are held against.")
    @click.option("--lower-is-better", metavar="METRIC", multiple=True, help="Of FILE; repeatable.")
    @click.option(
        "--split", type=click.Choice(["test", "validation"]), help="Of FILE; test, unless said."
    )
    @click.option("--primary", metavar="METRIC", help="The metric that decides.")
    @click.option(
        "--margin",
        type=click.FloatRange(min=0, min_open=True),
        help="The largest difference that would not matter, in the primary metric's unit.",
    )
    @click.option("--method", type=click.Choice(["paired_t", "welch"]), help="welch pairs nothing.")
    @wraps(command)
    def asked(**words: Any) -> None:
        from harness.comparing.options import ComparisonOptions

        how = {field.name: words.pop(field.name) for field in fields(ComparisonOptions)}
        if words["table"] is None and any(how[name] for name in _OF_FILE):
            raise HarnessError("--baseline, --lower-is-better and --split go with --from-csv")
        terms = ComparisonOptions(
            **{name: value for name, value in how.items() if value is not None}
        )
        command(terms=terms, **words)

    return asked


@click.command()
@click.argument("names", metavar="[RUN RUN...]", nargs=-1)
@click.option("--from-csv", "table", metavar="FILE", help="Scores from elsewhere; - reads them in.")
@_termed
@options.OUT
@options.JSON
def compare(
    names: tuple[str, ...], *, table: str | None, terms: ComparisonOptions, out: Path, as_json: bool
) -> None:
    r"""Hold the first RUN against the others, or judge scores from elsewhere. Trains nothing.

    RUN is a study (its variants are held against those of the same name), STUDY:VARIANT,
    STUDY:VARIANT:SEED, the first digits of a run's digest, or a run's folder. Runs are paired by
    seed, and compared where they were scored on the same sentences.

    FILE has the columns variant, seed, metric and value, and perhaps outcome (finished, diverged,
    failed). The variant named baseline is the baseline. --json prints what findings.json holds.

    \b
      harness compare studies/a.yaml studies/b.yaml
      harness compare studies/a.yaml:baseline:1 studies/a.yaml:no-dropout:1
      harness compare --from-csv scores.csv --primary bleu --lower-is-better ter
    """
    from harness.report import terminal
    from harness.report.write import as_json as findings

    if bool(names) == (table is not None):
        raise HarnessError("compare what? two RUNs, or --from-csv FILE")
    report = _runs(names, out=out, terms=terms) if table is None else _scores(table, terms=terms)
    summary = terminal.comparison(report)
    click.echo(findings(report.findings) if as_json else f"{summary.text}\n", nl=False)
    sys.exit(1 if summary.failed else 0)


def _runs(names: tuple[str, ...], *, out: Path, terms: ComparisonOptions) -> Report:
    from harness.comparing.runs import compare_runs

    return compare_runs(names, out=out, options=terms)


def _scores(table: str, *, terms: ComparisonOptions) -> Report:
    from harness.comparing.external_scores import compare_scores

    if table == _STANDARD_INPUT:
        content = sys.stdin.buffer.read()
        return compare_scores(content, name="standard input", options=terms)
    return compare_scores(Path(table).read_bytes(), name=table, options=terms)
