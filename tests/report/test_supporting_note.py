"""Notes explain the columns that a table has, and no others; headers name the correction of p."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.contracts import Finding
from harness.contracts.results import FindingKind
from harness.report import Report
from harness.report.answer_text import intervals_note, method_note, supporting_note
from harness.report.export import export_findings
from harness.report.tables import exploratory, intervals, supporting_statistics, verdicts

# The words of a note by the column they explain.
_EXPLAINED = {
    "detectable": "Detectable:",
    "effect size": "Effect size:",
    "equivalence p": "Equivalence:",
    "max-T p": "max-T is corrected",
    "sign-flip p": "sign-flip",
    "correlation": "Correlation:",
    "improvement": "Improvement:",
    "interquartile means": "Interquartile means",
    "diverged, p": "Diverged:",
}
_EMPTY = Finding(
    variant="a",
    metric="bleu",
    split="test",
    role="primary",
    n=5,
    family=2,
    baseline_mean=None,
    variant_mean=None,
    difference=None,
    interval_low=None,
    interval_high=None,
    p=None,
    p_adjusted=None,
    p_sign_flip=None,
    p_floor=None,
    higher_is_better=True,
    verdict="inconclusive",
    reason="",
    per_seed=(),
)
_FULL = {
    "detectable": {"detectable": 1.0},
    "effect size": {"effect_size": 0.5},
    "equivalence p": {"p_equivalent_adjusted": 0.2, "margin": 0.5},
    "max-T p": {"p_sign_flip": 0.2, "p_floor": 0.1, "p_max_t": 0.3},
    "sign-flip p": {"p_sign_flip": 0.2, "p_floor": 0.1},
    "correlation": {"correlation": 0.4},
    "improvement": {"improvement": 0.8, "improvement_low": 0.6, "improvement_high": 0.9},
    "interquartile means": {"baseline_iqm": 1.0, "variant_iqm": 2.0},
    "diverged, p": {"p_diverged": 0.5, "ended": 5, "ended_baseline": 5, "ended_pairs": 5},
}


def of(report: Report, *findings: Finding) -> Report:
    return replace(report, findings=findings)


@pytest.mark.parametrize("column", _FULL)
def test_a_note_explains_the_columns_that_have_values(report: Report, column: str) -> None:
    shown = of(report, replace(_EMPTY, **_FULL[column]))  # type: ignore[arg-type]  # its fields
    columns = {*supporting_statistics(shown).header[1:]}
    note = supporting_note(shown)
    assert column in columns
    assert {name for name, words in _EXPLAINED.items() if words in note} == columns


def test_a_margin_without_a_test_is_not_explained(report: Report) -> None:
    assert "Equivalence" not in supporting_note(of(report, replace(_EMPTY, margin=0.5)))


@pytest.mark.parametrize(
    ("kind", "members"),
    [("variant", "variants"), ("pair", "comparisons"), ("effect", "effects")],
)
def test_notes_count_what_p_is_corrected_for(
    report: Report, kind: FindingKind, members: str
) -> None:
    found = replace(_EMPTY, kind=kind, p_sign_flip=0.2, p_floor=0.1, p_max_t=0.3)
    several = of(report, found)
    assert f"not corrected for the number of {members}." in method_note(several, correction="")
    assert f"max-T is corrected for the number of {members}," in supporting_note(several)
    alone = of(report, replace(found, family=1))
    assert "corrected for" not in method_note(alone, correction="") + supporting_note(alone)


def test_ranks_of_effects_are_of_cells_and_have_no_improvement(report: Report) -> None:
    ranked = of(report, replace(_EMPTY, kind="effect", p_ranks=0.2, n_ranked=8, effect_size=0.5))
    assert "the score of an effect's cells minus that" in method_note(ranked, correction="")
    assert "p is from a signed-rank test" in method_note(ranked, correction="")
    assert "improvement" not in supporting_note(ranked)
    assert "of the seeds that both sides finished" in supporting_note(ranked)


@pytest.mark.parametrize(
    ("family", "looks", "header"),
    [(1, 1, "p"), (3, 1, "p (Holm)"), (1, 2, "p (looks)"), (3, 2, "p (Holm, looks)")],
)
def test_the_header_of_p_names_its_correction(
    report: Report, family: int, looks: int, header: str
) -> None:
    found = replace(_EMPTY, family=family, looks=looks, p=0.01, p_adjusted=0.03)
    shown = of(report, found, replace(found, role="exploratory", metric="nll"))
    assert verdicts(shown).header[-1] == header
    assert exploratory(shown).header[-1] == header
    assert f" {header} |" in export_findings(shown.findings, form="markdown").splitlines()[0]


def test_a_bootstrap_is_explained_where_there_is_one(report: Report) -> None:
    among = replace(_EMPTY, interval_sentences_low=-1.0, interval_sentences_high=1.0)
    assert "bootstrap" not in intervals(of(report, among)).header[-1]
    assert "bootstrap" not in intervals_note(of(report, among))
    resampled = of(report, among, replace(among, p_bootstrap=0.3))
    assert [row[-1] for row in intervals(resampled).rows] == ["n/a", ".3"]
    assert "bootstrap" in intervals_note(resampled)


def test_equivalence_names_its_test(report: Report) -> None:
    tested = replace(_EMPTY, margin=0.5, p_equivalent_adjusted=0.2)
    assert "two one-sided t tests that" in supporting_note(of(report, tested))
    median = replace(tested, method="sign_test")
    assert "two one-sided sign tests that" in supporting_note(of(report, median))


def test_an_exported_pair_names_both_sides() -> None:
    pair = replace(_EMPTY, kind="pair", against="b")
    header, _, row = export_findings([pair], form="markdown").splitlines()
    assert "| comparator |" in header
    assert "| a against b |" in row


def test_a_difference_is_against_what_it_is_compared_with(report: Report) -> None:
    pairs = of(report, replace(_EMPTY, kind="pair", against="a"))
    assert "variant minus comparator on the same seed" in method_note(pairs, correction="")
    assert "variant minus baseline" in method_note(of(report, _EMPTY), correction="")
