"""Comparison of external scores, read from a table with one score per row."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple, get_args

from harness.analysis import RunResult, ScoredMetric
from harness.comparing.csv_table import CsvRow, CsvTable, read_csv
from harness.comparing.decimal_marks import ambiguous_marks, has_decimal_commas
from harness.comparing.directions import usual_bounds, usual_direction
from harness.comparing.options import (
    CollectedRuns,
    ComparisonOptions,
    comparison_report,
    composed,
    unknown_name,
)
from harness.contracts import CORE_METRICS, Outcome
from harness.errors import Fault, HarnessError
from harness.report import Report
from harness.report.answer_text import direction
from harness.study.values import BASELINE

_COLUMNS = ("variant", "seed", "metric", "value")
_OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
# Narrower than float(), which also reads 1_000 and the digits of other scripts.
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
_NOT_FINITE = re.compile(r"[+-]?(nan|inf|infinity)", re.IGNORECASE)


class _Score(NamedTuple):
    """One row; `metric` is empty for a run without scores, `value` is None if not known."""

    place: str
    variant: str
    seed: int
    metric: str
    value: float | None
    outcome: Outcome | None


def compare_scores(content: bytes, *, name: str, options: ComparisonOptions) -> Report:
    """Compare the scores in a table with the columns variant, seed, metric and value.

    A column `outcome` may say finished, diverged or failed; other columns are ignored. Lower is
    better for metrics whose names are known for it, higher for others, unless `options` say
    otherwise. The core's metrics come last, as in a study. Raises `HarnessError` with every
    fault, one per line.
    """
    return compare_table(read_csv(content, name=name), name=name, options=options)


def compare_table(table: CsvTable, *, name: str, options: ComparisonOptions) -> Report:
    """Compare the scores in a table that has been read; raises as `compare_scores` does."""
    options = options.composed()
    faults = [*_header_faults(table, name=name)]
    if faults:
        _refuse([*faults, *table.faults])
    comma = has_decimal_commas(table)
    faults += ambiguous_marks(table)
    parsed = [_score(row, comma=comma, faults=faults) for row in table.rows]
    scores = [score for score in parsed if score]
    faults += [*table.faults, *_repeated(scores)]
    metrics = [*dict.fromkeys(score.metric for score in scores if score.metric)]
    variants = [*dict.fromkeys(score.variant for score in scores)]
    if not faults:  # a row that could not be parsed may have what seems to be missing
        missing = _missing(variants, metrics=metrics, options=options)
        faults += [Fault(name, message) for message in missing]
    _refuse(faults)
    return _report(scores, variants=variants, metrics=metrics, options=options)


def _report(
    scores: Sequence[_Score],
    *,
    variants: Sequence[str],
    metrics: Sequence[str],
    options: ComparisonOptions,
) -> Report:
    baseline = options.baseline
    stated = {*options.lower_is_better, *options.higher_is_better, *CORE_METRICS}
    others = [name for name in variants if name != baseline]
    collected = CollectedRuns(
        results=_results(scores),
        variants=[baseline, *others],
        seeds=sorted({score.seed for score in scores}),
        metrics=[
            ScoredMetric(
                name=name,
                higher_is_better=_higher_is_better(name, options=options),
                split=options.split,
                presumed=name not in stated,
                bounds=usual_bounds(
                    name, scores=[row.value for row in scores if row.metric == name and row.value]
                ),
            )
            for name in sorted(metrics, key=lambda name: name in CORE_METRICS)
        ],
        pairs=[] if baseline == BASELINE else [(baseline, name) for name in others],
        changes={},
        signatures={},
        of_table=True,
    )
    report = comparison_report(
        collected, comparison=options.comparison(primary=options.primary or metrics[0])
    )
    return replace(report, readings=_readings(report, metrics=collected.metrics))


def _readings(report: Report, *, metrics: Sequence[ScoredMetric]) -> Sequence[str]:
    """The direction of every metric that nobody stated, with the option to state the other."""
    primary_first = sorted(metrics, key=lambda metric: metric.name != report.primary.name)
    return [_reading(metric) for metric in primary_first if metric.presumed]


def _reading(metric: ScoredMetric) -> str:
    lower, higher = f"--lower-is-better {metric.name}", f"--higher-is-better {metric.name}"
    other = f"{lower if metric.higher_is_better else higher} if not"
    if metric.higher_is_better is None:
        other = f"{lower} or {higher} if it has one"
    return f"{metric.name}, {direction(metric)} (say {other})"


def _higher_is_better(metric: str, *, options: ComparisonOptions) -> bool | None:
    if metric in options.lower_is_better:
        return False
    return metric in options.higher_is_better or usual_direction(metric)


def _results(scores: Sequence[_Score]) -> list[RunResult]:
    """The scores grouped into runs; a run without any outcome has finished."""
    runs: dict[tuple[str, int], list[_Score]] = {}
    for score in scores:
        runs.setdefault((score.variant, score.seed), []).append(score)
    return [
        RunResult(
            variant=variant,
            seed=seed,
            outcome=next((row.outcome for row in rows if row.outcome), "finished"),
            scores={row.metric: row.value for row in rows if row.value is not None},
        )
        for (variant, seed), rows in runs.items()
    ]


def _header_faults(table: CsvTable, *, name: str) -> Iterator[Fault]:
    place = f"{name}:1"  # the header's line
    counts = Counter(table.columns)
    known = [column for column in counts if column and column.isprintable()]
    for column in (*_COLUMNS, "outcome"):
        if counts[column] > 1:
            yield Fault(place, f"{counts[column]} columns are named {column!r}")
        if not counts[column] and column in _COLUMNS:
            yield Fault(place, unknown_name(column, among=known, kind="column"))
    if not table.rows and not table.faults:
        yield Fault(name, "no rows below the header")


def _score(row: CsvRow, *, comma: bool, faults: list[Fault]) -> _Score | None:
    """Parse a row; None if it has a fault, which is appended to `faults`."""
    parse: Mapping[str, Callable[[str], object]] = {
        "variant": _name,
        "seed": _seed,
        "metric": partial(_name, least=0),
        "value": partial(_value, comma=comma),
        "outcome": _outcome,
    }
    values: dict[str, object] = {}
    for column, parser in parse.items():
        try:
            values[column] = parser(row.cells.get(column, ""))
        except ValueError as error:
            faults.append(Fault(row.place, f"{column} {error}"))
    if len(values) < len(parse):
        return None
    if not values["metric"] and values["outcome"] in (None, "finished"):
        faults.append(Fault(row.place, "metric is missing"))
        return None
    return _Score(row.place, **values)  # type: ignore[arg-type] # each is what its parser returns


def _name(text: str, *, least: int = 1) -> str:
    if len(text) < least:
        raise ValueError("is missing")
    if not text.isprintable():
        raise ValueError(f"must be printable, on one line, got {text!r:.60}")
    return composed(text)


def _seed(text: str) -> int:
    # By way of a float, as other programs write the seed 3 as 3.0.
    value = _number(text, must="must be a whole number")
    # Beyond 2^53 floats skip whole numbers, and two seeds of the file could become one.
    if not value.is_integer() or abs(value) > 2**53:
        raise ValueError(f"must be a whole number, got {text!r:.60}")
    return int(value)


def _value(text: str, *, comma: bool) -> float | None:
    if not text:
        return None
    if comma and "." in text:
        raise ValueError(f"has a decimal point, but other rows have a decimal comma: {text!r:.60}")
    return _number(text.replace(",", ".") if comma else text, must="must be a number")


def _number(text: str, *, must: str) -> float:
    if _NOT_FINITE.fullmatch(text):
        raise ValueError(f"must be finite, got {text!r:.60}; leave it empty if there is none")
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"{must}, got {text!r:.60}")
    if not math.isfinite(value := float(text)):
        raise ValueError(f"is too large: {text!r:.60}")
    return value


def _outcome(text: str) -> Outcome | None:
    for outcome in _OUTCOMES:
        if text.casefold() == outcome:
            return outcome
    if text:
        raise ValueError(f"must be {', '.join(_OUTCOMES)} or empty, got {text!r:.60}")
    return None


def _repeated(scores: Sequence[_Score]) -> Iterator[Fault]:
    """Scores that appear twice, and contradictory outcomes of one run."""
    values: dict[tuple[str, int, str], str] = {}
    outcomes: dict[tuple[str, int], _Score] = {}
    for score in scores:
        run = f"{score.variant}, seed {score.seed}"
        first = values.setdefault((score.variant, score.seed, score.metric), score.place)
        if first != score.place:
            key = f"{run}, {score.metric}" if score.metric else run
            yield Fault(score.place, f"{key} is already in {first}")
        if score.outcome:
            known = outcomes.setdefault((score.variant, score.seed), score)
            if known.outcome != score.outcome:
                fault = f"{run} is {score.outcome} here, but {known.outcome} in {known.place}"
                yield Fault(score.place, fault)


def _missing(
    variants: Sequence[str], *, metrics: Sequence[str], options: ComparisonOptions
) -> Iterator[str]:
    """Messages for variants and metrics that the comparison needs and the table lacks."""
    if options.baseline not in variants:
        missing = unknown_name(options.baseline, among=variants, kind="variant")
        yield f"{missing} (set the baseline with --baseline NAME)"
    elif len(variants) == 1:
        yield f"the only variant is {options.baseline}, so there is nothing to compare"
    if not metrics:
        yield "no run has a score"
    elif options.primary is None and len(metrics) > 1:
        yield f"several metrics ({', '.join(metrics)}); set the primary one with --primary NAME"
    named = [
        name
        for name in (options.primary, *options.lower_is_better, *options.higher_is_better)
        if name is not None
    ]
    both = {*options.lower_is_better} & {*options.higher_is_better}
    yield from (f"{name} is said to be better both lower and higher" for name in sorted(both))
    yield from (
        unknown_name(name, among=metrics, kind="metric") for name in named if name not in metrics
    )


def _refuse(faults: Sequence[Fault]) -> None:
    if faults:
        raise HarnessError("\n".join(map(str, faults)))
