"""The tables of a report, as values that Markdown and HTML share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from harness.analysis import ToTarget
from harness.analysis.digits import digits_text
from harness.comparability.controls import known_quantities, relative_to_baseline
from harness.contracts import Finding
from harness.report.numbers import (
    NOT_AVAILABLE,
    correlation_text,
    decimal_places,
    difference_header,
    difference_text,
    interval_text,
    number_text,
    p_header,
)
from harness.report.supporting_cells import (
    detectable_cell,
    diverged_cell,
    improvement_cell,
    improvement_header,
    interquartile_cell,
    interquartile_header,
    p_cell,
    sign_flip_cell,
)
from harness.report.tuning_text import chosen_text
from harness.report.values import Report, SampleTranslation, TuningSummary
from harness.study.values import BASELINE


class Note(str):
    """A cell with a remark of the report, in place of quoted text."""


class Table(NamedTuple):
    """A header and rows of cells; columns from index `right` on are aligned right."""

    header: Sequence[str]
    rows: Sequence[Sequence[object]]
    right: int


_EMPTY = Note("(empty)")


def verdicts(report: Report) -> Table:
    """The primary metric: means, difference, p, verdict; the largest gain first."""
    welch = any(finding.method == "welch" for finding in report.on_primary)
    ranked = any(finding.n_ranked for finding in report.on_primary)
    effects = any(finding.kind == "effect" for finding in report.on_primary)
    unit = "seeds" if effects else "pairs"
    counts = [f"finished {unit}", f"ranked {unit}"] if ranked else [unit]
    if welch:
        counts = [f"{comparator_header(report)} runs", "variant runs"]
    header = ["variant", "verdict", *counts, *_number_headers(report, findings=report.on_primary)]
    rows = []
    for finding in report.by_effect:
        sizes = [finding.n, finding.n_ranked] if ranked else [finding.n]
        sizes = [finding.n_baseline, finding.n] if welch else sizes
        rows.append([finding.label, verdict_text(finding.verdict), *sizes, *numbers(finding)])
    return Table(header, rows, right=2)


def _number_headers(report: Report, *, findings: Sequence[Finding]) -> list[str]:
    """The headers of means, difference and p; where diverged runs rank, p is of more pairs."""
    of, of_p = "", ""
    if any(finding.n_ranked for finding in findings):
        of = " of finished pairs"
        of_p = " of ranked pairs" if all(finding.n_ranked for finding in findings) else ""
    means = (f"{comparator_mean(report)}{of}", f"variant mean{of}")
    return [*means, difference_header(findings, of=of), p_header(findings, of=of_p)]


def supporting_statistics(report: Report) -> Table:
    """Detectable difference, effect size and further tests on the primary metric."""
    columns: list[tuple[str, Callable[[Finding], str]]] = [
        ("detectable", detectable_cell),
        ("effect size", lambda finding: number_text(finding.effect_size, places=2, sign="+")),
        ("equivalence p", lambda finding: p_cell(finding.p_equivalent_adjusted)),
        ("max-T p", lambda finding: p_cell(finding.p_max_t)),
        ("sign-flip p", sign_flip_cell),
        ("correlation", correlation_text),
        ("diverged, p", diverged_cell),
        (improvement_header(report), improvement_cell),
        (interquartile_header(report), interquartile_cell),
    ]
    filled = [(name, [cell(finding) for finding in report.by_effect]) for name, cell in columns]
    # A column without any value is left out.
    filled = [(name, cells) for name, cells in filled if set(cells) - {NOT_AVAILABLE}]
    names = [finding.label for finding in report.by_effect] if filled else []
    rows = [*zip(names, *(cells for _, cells in filled), strict=True)]
    return Table(["variant", *(name for name, _ in filled)], rows, right=1)


def intervals(report: Report) -> Table:
    """Intervals of the difference over seeds, over sentences and over both."""
    header = ["variant", "new seeds", "new sentences", "both"]
    known = [f for f in report.by_effect if f.interval_sentences_low is not None]
    rows = [[finding.label, *_intervals(finding)] for finding in known]
    if any(finding.p_bootstrap is not None for finding in known):
        header.append("bootstrap p, first seed only")
        rows = [
            [*row, p_cell(finding.p_bootstrap)] for row, finding in zip(rows, known, strict=True)
        ]
    return Table(header, rows, right=1)


def _intervals(finding: Finding) -> Iterator[str]:
    bounds = (
        (finding.interval_low, finding.interval_high),
        (finding.interval_sentences_low, finding.interval_sentences_high),
        (finding.combined_low, finding.combined_high),
    )
    for low, high in bounds:
        yield interval_text(low, high=high, places=decimal_places(finding))


def exploratory(report: Report) -> Table:
    """The findings on every other metric."""
    own = _number_headers(report, findings=report.exploratory)
    header = ["metric", "variant", "verdict", *own]
    rows = [
        [finding.metric, finding.label, verdict_text(finding.verdict), *numbers(finding)]
        for finding in report.exploratory
    ]
    return Table(header, rows, right=3)


def comparator_header(report: Report) -> str:
    """The header of the column of comparators' means."""
    plain = all(finding.against == BASELINE for finding in report.findings)
    return BASELINE if plain else "comparator"


def verdict_text(verdict: str) -> str:
    """A verdict as words: ``no inference``."""
    return verdict.replace("_", " ")


def comparator_mean(report: Report) -> str:
    """The same, said to be a mean where the difference beside it is a median."""
    median = any(finding.method == "sign_test" for finding in report.findings)
    return f"{comparator_header(report)}{' mean' if median else ''}"


def changes(report: Report) -> Table:
    """The options that each variant changes, one per row."""
    rows = [
        [variant, *change]
        for variant in report.variants
        for change in report.changes.get(variant, ())
    ]
    header = ["variant", "option", f"of the {comparator_header(report)}", "of the variant"]
    return Table(header, rows, right=4)


def tuning(summary: TuningSummary) -> Table:
    """The values that tuning chose for each variant, and the mean score of every value."""
    values = list(summary.variants[0].scores)
    rows = [
        [
            tuned.variant,
            chosen_text(tuned, once=summary.once),
            *(
                "no score" if score is None else digits_text(score, digits=4)
                for score in tuned.scores.values()
            ),
            NOT_AVAILABLE if tuned.lead is None else digits_text(tuned.lead, digits=2),
        ]
        for tuned in summary.variants
    ]
    return Table(["variant", "chosen", *values, "best two apart (sd)"], rows, right=1)


def controls(report: Report) -> Table:
    """The size and cost of each variant, with the ratio to the baseline's in parentheses."""
    controls = report.comparability.controls
    known = known_quantities(controls)
    rows = [
        [
            variant,
            *(relative_to_baseline(controls, variant=variant, quantity=name) for name in known),
        ]
        for variant in controls
    ]
    return Table(["variant", *(name.replace("_", " ") for name in known)], rows, right=1)


def sharing(report: Report) -> Table:
    """The initial weights and data order that each variant shares with the baseline of its seed."""
    header = ["variant", "predicted", "observed", "seeds", "correlation"]
    correlations = {
        finding.variant: correlation_text(finding)
        for finding in report.on_primary
        if finding.against == BASELINE
    }
    rows = [
        [*sharing, correlations.get(sharing.variant, NOT_AVAILABLE)]
        for sharing in report.comparability.sharing
    ]
    return Table(header, rows, right=3)


def run_counts(report: Report) -> Table:
    """The numbers of runs planned, and of those with each outcome."""
    outcomes = Counter((result.variant, result.outcome) for result in report.results)
    planned = _planned(report)
    rows = []
    for variant in report.variants:
        ended = [outcomes[variant, name] for name in ("finished", "diverged", "failed")]
        size = len(planned[variant])
        rows.append([variant, size, *ended, size - sum(ended)])
    header = ["variant", "planned", "finished", "diverged", "failed", "not run"]
    return Table(header, rows, right=1)


def _planned(report: Report) -> Mapping[str, Sequence[int]]:
    """The seeds of each variant; with planned looks, variants may stop after different numbers."""
    if not report.design.looks:
        return dict.fromkeys(report.variants, report.seeds)
    return {
        variant: [run.seed for run in report.runs if run.variant == variant]
        for variant in report.variants
    }


def scores_by_seed(report: Report) -> Table:
    """The primary metric of every run."""
    results = {(result.variant, result.seed): result for result in report.results}
    places = max((decimal_places(finding) for finding in report.on_primary), default=3)
    planned = _planned(report)

    def cell(variant: str, *, seed: int) -> str:
        result = results.get((variant, seed))
        if result is None:
            return "not run" if seed in planned[variant] else NOT_AVAILABLE
        if result.outcome != "finished":
            return result.outcome
        score = result.score(report.primary.name)
        if score is None and isinstance(report.primary.rule, ToTarget):
            return "not reached"
        return number_text(score, places=places)

    rows = [
        [seed, *(cell(variant, seed=seed) for variant in report.variants)] for seed in report.seeds
    ]
    return Table(["seed", *report.variants], rows, right=0)


def scores_by_variant(report: Report) -> Table:
    """The same with a row for each variant: pages have room for few columns."""
    header, rows, _ = scores_by_seed(report)
    turned = [list(column) for column in zip(header, *rows, strict=True)]
    return Table(["variant", *map(str, turned[0][1:])], turned[1:], right=1)


def sample_translation(sample: SampleTranslation, *, variants: Sequence[str]) -> Table:
    """A source sentence, its reference, and the translation of each variant."""
    rows: list[list[object]] = [["reference", sample.reference or _EMPTY]]
    for variant in variants:
        text = sample.translations.get(variant)
        rows.append([variant, Note("(not translated)") if text is None else text or _EMPTY])
    return Table(["source", sample.source or _EMPTY], rows, right=2)


def numbers(finding: Finding, *, places: int | None = None) -> list[str]:
    """Both means, the difference with its interval, and p."""
    places = decimal_places(finding) if places is None else places
    sides = (
        (finding.baseline_mean, finding.baseline_reached, finding.n_baseline),
        (finding.variant_mean, finding.reached, finding.n),
    )
    means = [
        _at_least(number_text(mean, places=places), reached=reached, of=counted)
        for mean, reached, counted in sides
    ]
    return [*means, difference_text(finding, places=places), p_cell(finding.p_adjusted)]


def _at_least(mean: str, *, reached: int | None, of: int) -> str:
    """The mean of a cost; a bound, if some runs did not reach the target."""
    return mean if reached is None or reached == of else f"at least {mean}"
