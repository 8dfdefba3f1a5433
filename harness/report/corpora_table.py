"""Tables over a study's corpora: the differences on new corpora, and average ranks."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from harness.analysis.corpora import Ranks, average_ranks, on_new_corpora
from harness.analysis.p_values import p_equation
from harness.analysis.random_effects import StudyEstimate
from harness.analysis.statistics import deviation, mean
from harness.contracts import Finding
from harness.report.numbers import decimal_places, difference_text, interval_text, number_text
from harness.report.tables import Table
from harness.report.values import Report

_NEW_CORPORA = (
    "{} corpora count alike in a mean difference, in the metric's own unit. The first interval"
    " speaks of new seeds on these corpora, the second of new corpora as well (a t test over"
    " corpora); neither is corrected for the number of effects. The spread is the standard"
    " deviation of true differences between corpora, as estimated from so few: 0 where seeds alone"
    " would explain those that were seen."
)
_RANKS = (
    "Ranks are of the mean scores on each corpus, over the seeds that all finished; 1 is the best."
)


def over_corpora(report: Report) -> Table:
    """The mean difference of each effect: on these corpora, and on others like them."""
    header = ["effect", "mean difference, these corpora", "new corpora", "spread between corpora"]
    rows = []
    for finding in report.on_primary:
        overall = _estimate(finding)
        within = {part.variant: _estimate(part) for part in _within(report, finding=finding)}
        known = {name: estimate for name, estimate in within.items() if estimate}
        if overall and known and len(known) == len(within):
            new = on_new_corpora(known, overall=overall)
            places = decimal_places(finding)
            interval = interval_text(new.test.low, high=new.test.high, places=places)
            spread = number_text(new.between, places=places)
            rows.append([finding.variant, difference_text(finding), interval, spread])
    return Table(header, rows, right=1)


def ranks_table(report: Report) -> Table:
    """The average rank of each combination of other levels over the corpora, the best first."""
    treatments, ranks = _ranked(report)
    rows: list[list[object]] = []
    if ranks:
        ordered = sorted(zip(ranks.average, treatments, strict=True))
        rows = [[name, number_text(rank, places=2)] for rank, name in ordered]
    return Table(["choices", "average rank"], rows, right=1)


def corpora_note(report: Report) -> str:
    """The meaning of both tables; empty in a study of one corpus."""
    factorial = report.design.factorial
    if factorial is None or factorial.corpora is None:
        return ""
    corpora = factorial.factors[factorial.corpora]
    notes = [_NEW_CORPORA.format(len(corpora))]
    _, ranks = _ranked(report)
    if ranks:
        chi_squared = f"Friedman's chi-square is {ranks.chi_squared:.2f}"
        notes.append(f"{_RANKS} {chi_squared}; {_tested(ranks)}.")
    return " ".join(notes)


def _tested(ranks: Ranks) -> str:
    """The p of the test that all rank alike, exact where corpora are few."""
    alike = ["every corpus ranks them alike"] if ranks.f is None else []
    if ranks.p is None:
        return "".join(alike)
    if ranks.exact:
        return ", ".join([*alike, f"exact {p_equation(ranks.p)}"])
    return f"F = {ranks.f:.2f}, {p_equation(ranks.p)} (Iman and Davenport)"


def _within(report: Report, *, finding: Finding) -> list[Finding]:
    """The findings in single corpora that an overall one is the mean of."""
    factorial = report.design.factorial
    if factorial is None or factorial.corpora is None:
        return []
    name = finding.variant.removesuffix(" overall")
    parts = [f"{name} in {factorial.corpora}={c}" for c in factorial.factors[factorial.corpora]]
    return [part for part in report.on_primary if part.variant in parts]


def _estimate(finding: Finding) -> StudyEstimate | None:
    """The mean of paired differences with its error; None without one."""
    differences = [pair.variant - pair.baseline for pair in finding.per_seed]
    if finding.method != "paired_t" or len(differences) < 2:
        return None
    error = deviation(differences) / math.sqrt(len(differences))
    return StudyEstimate(mean(differences), error) if error else None


def _ranked(report: Report) -> tuple[Sequence[str], Ranks | None]:
    """The other levels of every cell, and their ranks; None if some corpus has no complete seed."""
    factorial = report.design.factorial
    if factorial is None or factorial.corpora is None:
        return [], None
    corpora = factorial.corpora
    by_corpus: dict[str, dict[str, str]] = {}
    for variant, levels in factorial.cells.items():
        by_corpus.setdefault(levels[corpora], {})[_others(levels, corpora=corpora)] = variant
    treatments = [*next(iter(by_corpus.values()))]
    rows = [
        _means(report, variants=[cells[treatment] for treatment in treatments])
        for cells in by_corpus.values()
    ]
    better = report.primary.higher_is_better
    if len(rows) < 2 or not all(rows) or better is None:  # without a direction nothing ranks
        return treatments, None
    return treatments, average_ranks(rows, higher_is_better=better)


def _others(levels: Mapping[str, str], *, corpora: str) -> str:
    return ", ".join(f"{name}={level}" for name, level in levels.items() if name != corpora)


def _means(report: Report, *, variants: Sequence[str]) -> list[float]:
    """The mean score of each variant over the seeds that all of them finished; else empty."""
    scores = {
        (result.variant, result.seed): score
        for result in report.results
        if (score := result.score(report.primary.name)) is not None
    }
    complete = [
        seed for seed in report.seeds if all((variant, seed) in scores for variant in variants)
    ]
    if not complete:
        return []
    return [mean([scores[variant, seed] for seed in complete]) for variant in variants]
