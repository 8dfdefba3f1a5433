"""``harness compare``: runs that exist already, or scores from a file."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness.cli import options, output
from harness.errors import HarnessError
from harness.notices import notify_user
from harness.runs.reuse import Reuse

if TYPE_CHECKING:
    from harness.comparing.options import ComparisonOptions
    from harness.report import Report

_STANDARD_INPUT = "-"
_STUDIES = (".yaml", ".yml")
_OF_FILE = ("baseline", "lower_is_better", "higher_is_better", "split")


def _comparison_options(command: Callable[..., None]) -> Callable[..., None]:
    """The options of a comparison, as one argument, `terms`."""

    @click.option(
        "--baseline", metavar="NAME", help="Of FILE: the variant to compare the others with."
    )
    @click.option("--lower-is-better", metavar="METRIC", multiple=True, help="Of FILE; repeatable.")
    @click.option(
        "--higher-is-better", metavar="METRIC", multiple=True, help="Of FILE; repeatable."
    )
    @click.option(
        "--split", type=click.Choice(["test", "validation"]), help="Of FILE: what was scored."
    )
    @click.option("--primary", metavar="METRIC", help="The metric that decides.")
    @click.option(
        "--margin",
        type=click.FloatRange(min=0, min_open=True),
        help="The largest difference that would not matter, in the primary metric's unit.",
    )
    @click.option(
        "--method",
        type=click.Choice(["paired_t", "welch", "sign_test"]),
        help="How to test; welch does not pair, sign_test is about the median.",
    )
    @click.option(
        "--diverged",
        type=click.Choice(["excluded", "worst"]),
        help="What runs that diverged count as: nothing, or the worst in a rank test.",
    )
    @wraps(command)
    def wrapper(**arguments: Any) -> None:
        from harness.comparing.options import ComparisonOptions

        values = {field.name: arguments.pop(field.name) for field in fields(ComparisonOptions)}
        if arguments["table"] is None and any(values[name] for name in _OF_FILE):
            raise HarnessError(
                "--baseline, --lower-is-better, --higher-is-better and --split go with --from-csv"
            )
        terms = ComparisonOptions(
            # What is not given is left to the defaults, or to the study.
            **{name: value for name, value in values.items() if value is not None}
        )
        command(terms=terms, **arguments)

    return wrapper


@click.command()
@click.argument("names", metavar="[RUN RUN...]", nargs=-1)
@click.option(
    "--from-csv", "table", metavar="FILE", help="Compare scores of a file; - is standard input."
)
@_comparison_options
@options.OUT
@click.option("--markdown", "as_markdown", is_flag=True, help="Print Markdown, for a file.")
@options.JSON
def compare(
    names: tuple[str, ...],
    *,
    table: str | None,
    terms: ComparisonOptions,
    out: Path,
    as_markdown: bool,
    as_json: bool,
) -> None:
    r"""Compare the first RUN with the others, or scores of a file. Trains nothing.

    RUN is a study (its variants are compared with those of the same name), STUDY:VARIANT,
    STUDY:VARIANT:SEED, the first digits of a run's digest, or a run's folder. Runs are paired by
    seed, and compared where they were scored on the same sentences.

    FILE has the columns variant, seed, metric and value, and optionally outcome (finished,
    diverged, failed). The variant named baseline is the baseline. Of metrics that are commonly
    known (loss, wer, ter, latency and others) lower is better, of others higher is, unless an
    option says otherwise; the answer states it. --json prints an object as `harness run` does.

    The results of every study that is named are recorded as inspected.

    \b
      harness compare studies/a.yaml studies/b.yaml
      harness compare studies/a.yaml:baseline:1 studies/a.yaml:no-dropout:1
      harness compare --from-csv scores.csv --primary bleu --lower-is-better ter
    """
    from harness.report import terminal

    if bool(names) == (table is not None):  # neither, or both
        raise HarnessError("nothing to compare: name two RUNs, or --from-csv FILE")
    report = _runs(names, out=out, terms=terms) if table is None else _scores(table, terms=terms)
    # Afterward, so that a name that does not exist leaves no trace in the others' logs.
    _record_inspections(names, out=out, terms=terms)
    summary = terminal.Summary(report, failed=report.faults)
    if as_json:
        for reading in report.readings:
            notify_user(f"read as: {reading}")
        output.say_json(summary.json, newline=False)
    elif as_markdown:
        output.say(summary.markdown)
    else:
        output.say_lines(summary.lines)
    sys.exit(1 if summary.failed else 0)


def _runs(names: tuple[str, ...], *, out: Path, terms: ComparisonOptions) -> Report:
    from harness.comparing.runs import compare_runs

    return compare_runs(names, out=out, options=terms)


def _record_inspections(names: Sequence[str], *, out: Path, terms: ComparisonOptions) -> None:
    """Record an inspection, under these terms, of every study that is named.

    A variant or a run of a study counts as all of it: to record too much is on the safe side.
    """
    from harness import pipeline

    paths = dict.fromkeys(Path(name.partition(":")[0]) for name in names)
    for path in paths:
        if path.suffix in _STUDIES:
            opened = pipeline.open_study(path, out=out, seeds=None, reuse=Reuse.SAME_STUDY)
            pipeline.say_found_elsewhere(opened)
            pipeline.inspect_results(replace(opened, as_filed=terms.plan(opened.as_filed)))


def _scores(table: str, *, terms: ComparisonOptions) -> Report:
    from harness.comparing.external_scores import compare_scores

    if table == _STANDARD_INPUT:
        # Bytes, since the encoding is the file's and not that of the locale.
        content = sys.stdin.buffer.read()
        return compare_scores(content, name="standard input", options=terms)
    return compare_scores(Path(table).read_bytes(), name=table, options=terms)
