"""The tables of a report, as values: Markdown and HTML say the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from harness.analysis import p_text
from harness.comparability.controls import known_quantities, relative_to_baseline
from harness.contracts import Finding
from harness.report.numbers import NONE, between, decimals, difference, number
from harness.report.values import Report, SampleTranslation, Trials
from harness.study.values import BASELINE

_DIFFERENCE = "difference (95% interval)"


class Note(str):
    """A cell that the report says itself, in place of text that it would have quoted."""


class Table(NamedTuple):
    """Cells below their headers; the columns from number `right` on are flush right."""

    header: Sequence[str]
    rows: Sequence[Sequence[object]]
    right: int


_EMPTY = Note("(nothing)")


def verdicts(report: Report) -> Table:
    """The primary metric: means, difference, p, verdict."""
    counted = "runs" if any(each.method == "welch" for each in report.on_primary) else "pairs"
    header = ["variant", "verdict", counted, _against(report), "variant mean", _DIFFERENCE, "p"]
    rows = [
        [finding.label, finding.verdict, finding.n, *_numbers(finding)]
        for finding in report.on_primary
    ]
    return Table(header, rows, right=2)


def certainty(report: Report) -> Table:
    """How sure the verdicts on the primary metric are."""
    columns: list[tuple[str, Callable[[Finding], str]]] = [
        ("would show", lambda each: number(each.detectable, places=decimals(each))),
        ("effect size", lambda each: number(each.effect_size, places=2, sign="+")),
        ("within the margin, p", lambda each: _p(each.p_equivalent_adjusted)),
        ("max-T p", lambda each: _p(each.p_max_t)),
        ("sign-flip p", _sign_flip),
        ("correlation", lambda each: number(each.correlation, places=2)),
        ("diverged, p", _diverged),
    ]
    found = [(name, [cell(each) for each in report.on_primary]) for name, cell in columns]
    shown = [(name, cells) for name, cells in found if any(cell != NONE for cell in cells)]
    names = [finding.label for finding in report.on_primary] if shown else []
    rows = [*zip(names, *(cells for _, cells in shown), strict=True)]
    return Table(["variant", *(name for name, _ in shown)], rows, right=1)


def sources(report: Report) -> Table:
    """Intervals of the difference over seeds, over sentences and over both."""
    header = ["variant", "new seeds", "new sentences", "both", "bootstrap p, two models only"]
    rows = [
        [
            each.label,
            between(each.interval_low, high=each.interval_high, places=decimals(each)),
            between(
                each.interval_sentences_low,
                high=each.interval_sentences_high,
                places=decimals(each),
            ),
            between(each.combined_low, high=each.combined_high, places=decimals(each)),
            _p(each.p_bootstrap),
        ]
        for each in report.on_primary
        if each.interval_sentences_low is not None
    ]
    return Table(header, rows, right=1)


def exploratory(report: Report) -> Table:
    """Every other metric, in brief."""
    header = ["metric", "variant", "verdict", _against(report), "variant mean", _DIFFERENCE, "p"]
    rows = [
        [finding.metric, finding.label, finding.verdict, *_numbers(finding)]
        for finding in report.exploratory
    ]
    return Table(header, rows, right=3)


def _against(report: Report) -> str:
    """What the column is called with the means of what variants are held against."""
    plain = all(each.against == BASELINE for each in report.findings)
    return BASELINE if plain else "against"


def changes(report: Report) -> Table:
    """What each variant changes, option by option."""
    rows = [
        [variant, *change]
        for variant in report.variants
        for change in report.changes.get(variant, ())
    ]
    return Table(["variant", "option", _against(report), "variant"], rows, right=4)


def tuning(trials: Trials) -> Table:
    """What tuning gave each variant, and what every value scored on validation."""
    values = list(trials.variants[0].scores)
    rows = [
        [
            each.variant,
            each.chosen,
            *("diverged" if score is None else f"{score:.4g}" for score in each.scores.values()),
        ]
        for each in trials.variants
    ]
    return Table(["variant", "got", *values], rows, right=1)


def controls(report: Report) -> Table:
    """What each variant spent and was made of; in brackets, times the baseline's."""
    found = report.comparability.controls
    known = known_quantities(found)
    rows = [
        [variant, *(relative_to_baseline(found, variant=variant, quantity=name) for name in known)]
        for variant in found
    ]
    return Table(["variant", *(name.replace("_", " ") for name in known)], rows, right=1)


def sharing(report: Report) -> Table:
    """What each variant had in common with the baseline of the same seed."""
    header = ["variant", "predicted", "seen in the runs", "seeds", "correlation"]
    found = {
        finding.variant: finding.correlation
        for finding in report.on_primary
        if finding.against == BASELINE
    }
    rows = [[*each, _correlation(found.get(each.variant))] for each in report.comparability.sharing]
    return Table(header, rows, right=3)


def runs(report: Report) -> Table:
    """How many runs were planned, and what became of them."""
    outcomes = Counter((result.variant, result.outcome) for result in report.results)
    planned = _planned(report)
    rows = []
    for variant in report.variants:
        ended = [outcomes[variant, "finished"], outcomes[variant, "diverged"]]
        ended.append(outcomes[variant, "failed"])
        size = len(planned[variant])
        rows.append([variant, size, *ended, size - sum(ended)])
    header = ["variant", "planned", "finished", "diverged", "failed", "not run"]
    return Table(header, rows, right=1)


def _planned(report: Report) -> Mapping[str, Sequence[int]]:
    """The seeds of each variant; where they stop themselves, not all have the same."""
    if not report.design.looks:
        return dict.fromkeys(report.variants, report.seeds)
    return {
        variant: [run.seed for run in report.runs if run.variant == variant]
        for variant in report.variants
    }


def by_seed(report: Report) -> Table:
    """The primary metric of every run."""
    results = {(result.variant, result.seed): result for result in report.results}
    places = max((decimals(finding) for finding in report.on_primary), default=3)
    planned = _planned(report)

    def cell(variant: str, *, seed: int) -> str:
        result = results.get((variant, seed))
        if result is None:
            return "not run" if seed in planned[variant] else NONE
        if result.outcome != "finished":
            return result.outcome
        return number(result.score(report.primary.name), places=places)

    rows = [
        [seed, *(cell(variant, seed=seed) for variant in report.variants)] for seed in report.seeds
    ]
    return Table(["seed", *report.variants], rows, right=0)


def specimen(sentence: SampleTranslation, *, variants: Sequence[str]) -> Table:
    """A sentence, its reference, and a line for each variant."""
    rows: list[list[object]] = [["reference", sentence.reference or _EMPTY]]
    for variant in variants:
        written = sentence.written.get(variant)
        rows.append([variant, Note("(not translated)") if written is None else written or _EMPTY])
    return Table(["source", sentence.source], rows, right=2)


def _numbers(finding: Finding) -> list[str]:
    places = decimals(finding)
    means = [number(mean, places=places) for mean in (finding.baseline_mean, finding.variant_mean)]
    return [*means, difference(finding), _p(finding.p_adjusted)]


def _correlation(value: float | None) -> str:
    return NONE if value is None else number(value, places=2)


def _p(p: float | None) -> str:
    return NONE if p is None else p_text(p)


def _sign_flip(finding: Finding) -> str:
    p = _p(finding.p_sign_flip)
    return p if finding.p_sign_flip is None else f"{p} (least {_p(finding.p_floor)})"


def _diverged(finding: Finding) -> str:
    if finding.p_diverged is None:
        return NONE
    return f"{finding.diverged} of {finding.planned}, {_p(finding.p_diverged)}"
