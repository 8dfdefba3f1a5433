"""Scores that came from elsewhere: a table with a row a score becomes findings."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import NamedTuple, get_args

from harness.analysis import RunResult, ScoredMetric
from harness.comparing.csv_table import CsvRow, CsvTable, read_csv
from harness.comparing.options import (
    CollectedRuns,
    ComparisonOptions,
    comparison_report,
    unknown_name,
)
from harness.contracts import CORE_METRICS, Outcome
from harness.errors import Fault, HarnessError
from harness.report import Report
from harness.study.values import BASELINE

_COLUMNS = ("variant", "seed", "metric", "value")
_OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
_NOT_FINITE = re.compile(r"[+-]?(nan|inf|infinity)", re.IGNORECASE)


class _Score(NamedTuple):
    """One row; no `metric` of a run that died, no `value` where none is known."""

    place: str
    variant: str
    seed: int
    metric: str
    value: float | None
    outcome: Outcome | None


def compare_scores(content: bytes, *, name: str, terms: ComparisonOptions) -> Report:
    """Judge the scores in a table with the columns variant, seed, metric and value.

    A column `outcome` may say finished, diverged or failed; other columns are not read. A metric is
    better when higher, unless it is one of the core's or `terms` say otherwise. The core's come
    last, as in a study. Raises `HarnessError` with every fault, a line each.
    """
    sheet = read_csv(content, name=name)
    faults = [*_header_faults(sheet, name=name)]
    if faults:
        _refuse([*faults, *sheet.faults])
    found = [_score(row, comma=_has_comma(sheet), faults=faults) for row in sheet.rows]
    scores = [each for each in found if each]
    faults += [*sheet.faults, *_repeated(scores)]
    metrics = [*dict.fromkeys(each.metric for each in scores if each.metric)]
    variants = [*dict.fromkeys(each.variant for each in scores)]
    if not faults:  # or what is missing may only be misspelled
        missing = _missing(variants, metrics=metrics, terms=terms)
        faults += [Fault(name, message) for message in missing]
    _refuse(faults)
    return _judged(scores, variants=variants, metrics=metrics, terms=terms)


def _judged(
    scores: Sequence[_Score],
    *,
    variants: Sequence[str],
    metrics: Sequence[str],
    terms: ComparisonOptions,
) -> Report:
    against = terms.baseline
    others = [name for name in variants if name != against]
    gathered = CollectedRuns(
        results=_results(scores),
        variants=[against, *others],
        seeds=sorted({each.seed for each in scores}),
        metrics=[
            ScoredMetric(name=name, higher_is_better=_upward(name, terms=terms), split=terms.split)
            for name in sorted(metrics, key=lambda name: name in CORE_METRICS)
        ],
        pairs=[] if against == BASELINE else [(against, name) for name in others],
        changes={},
        signatures={},
    )
    return comparison_report(
        gathered, comparison=terms.comparison(primary=terms.primary or metrics[0])
    )


def _upward(metric: str, *, terms: ComparisonOptions) -> bool:
    return metric not in terms.lower_is_better and CORE_METRICS.get(metric, True)


def _results(scores: Sequence[_Score]) -> list[RunResult]:
    """The runs that the scores are of; one with no word of how it ended has finished."""
    runs: dict[tuple[str, int], list[_Score]] = {}
    for each in scores:
        runs.setdefault((each.variant, each.seed), []).append(each)
    return [
        RunResult(
            variant=variant,
            seed=seed,
            outcome=next((each.outcome for each in rows if each.outcome), "finished"),
            scores={each.metric: each.value for each in rows if each.value is not None},
        )
        for (variant, seed), rows in runs.items()
    ]


def _header_faults(sheet: CsvTable, *, name: str) -> Iterator[Fault]:
    place = f"{name}:1"
    counted = Counter(sheet.columns)
    known = [each for each in counted if each and each.isprintable()]
    for column in (*_COLUMNS, "outcome"):
        if counted[column] > 1:
            yield Fault(place, f"{counted[column]} columns are named {column!r}")
        if not counted[column] and column in _COLUMNS:
            yield Fault(place, unknown_name(column, among=known, what="column"))
    if not sheet.rows and not sheet.faults:
        yield Fault(name, "no rows below the header")


def _has_comma(sheet: CsvTable) -> bool:
    """Whether numbers have a decimal comma, as where a spreadsheet delimits by semicolons."""
    return sheet.delimiter == ";" and any("," in row.cells["value"] for row in sheet.rows)


def _score(row: CsvRow, *, comma: bool, faults: list[Fault]) -> _Score | None:
    """What a row says; None where it is at fault."""
    parse: Mapping[str, Callable[[str], object]] = {
        "variant": _name,
        "seed": _seed,
        "metric": partial(_name, least=0),
        "value": partial(_value, comma=comma),
        "outcome": _outcome,
    }
    said: dict[str, object] = {}
    for column, parsed in parse.items():
        try:
            said[column] = parsed(row.cells.get(column, ""))
        except ValueError as error:
            faults.append(Fault(row.place, f"{column} {error}"))
    if len(said) < len(parse):
        return None
    if not said["metric"] and said["outcome"] in (None, "finished"):
        faults.append(Fault(row.place, "metric is missing"))
        return None
    return _Score(row.place, **said)  # type: ignore[arg-type] # each is what its parser returns


def _name(text: str, *, least: int = 1) -> str:
    if len(text) < least:
        raise ValueError("is missing")
    if not text.isprintable():
        raise ValueError(f"must be printable, on one line, got {text!r:.60}")
    return text


def _seed(text: str) -> int:
    value = _number(text, must="must be a whole number")
    if not value.is_integer() or abs(value) > 2**53:
        raise ValueError(f"must be a whole number, got {text!r:.60}")
    return int(value)


def _value(text: str, *, comma: bool) -> float | None:
    if not text:
        return None
    if comma and "." in text:
        raise ValueError(f"has a point, and others have a decimal comma: {text!r:.60}")
    return _number(text.replace(",", ".") if comma else text, must="must be a number")


def _number(text: str, *, must: str) -> float:
    if _NOT_FINITE.fullmatch(text):
        raise ValueError(f"must be finite, got {text!r:.60}; leave it empty where there is none")
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
    """What is said twice of one run."""
    values: dict[tuple[str, int, str], str] = {}
    ends: dict[tuple[str, int], _Score] = {}
    for each in scores:
        run = f"{each.variant}, seed {each.seed}"
        first = values.setdefault((each.variant, each.seed, each.metric), each.place)
        if first != each.place:
            of = f"{run}, {each.metric}" if each.metric else run
            yield Fault(each.place, f"{of} stands in {first} already")
        if each.outcome:
            known = ends.setdefault((each.variant, each.seed), each)
            if known.outcome != each.outcome:
                fault = f"{run} has {each.outcome}, and {known.outcome} in {known.place}"
                yield Fault(each.place, fault)


def _missing(
    variants: Sequence[str], *, metrics: Sequence[str], terms: ComparisonOptions
) -> Iterator[str]:
    """What a comparison needs, and the table has not."""
    if terms.baseline not in variants:
        missing = unknown_name(terms.baseline, among=variants, what="variant")
        yield f"{missing} (--baseline NAME says which one is the baseline)"
    elif len(variants) == 1:
        yield f"no variant beside {terms.baseline}, so there is nothing to compare"
    if not metrics:
        yield "no run has a score"
    elif terms.primary is None and len(metrics) > 1:
        yield f"several metrics ({', '.join(metrics)}); --primary NAME says which one decides"
    asked = [name for name in (terms.primary, *terms.lower_is_better) if name is not None]
    yield from (
        unknown_name(name, among=metrics, what="metric") for name in asked if name not in metrics
    )


def _refuse(faults: Sequence[Fault]) -> None:
    if faults:
        raise HarnessError("\n".join(map(str, faults)))
