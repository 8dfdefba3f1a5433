from __future__ import annotations

from dataclasses import replace

import pytest

from harness.report import Pretraining, Report
from harness.report.answer_text import answer, pretraining_sentence
from harness.report.html import as_html
from harness.report.verdict_claims import listed
from harness.report.write import as_markdown


def test_the_answer_names_every_variant_with_its_verdict(report: Report) -> None:
    assert answer(report) == (
        "By bleu on the test split, over three seeds only: no-dropout is worse than the baseline;"
        " same is identical to the baseline; odd is inconclusive;"
        " wild has too few complete pairs of runs for a test; wild diverged in 1 of 3 runs, the"
        " baseline in 0 (McNemar p = 1)."
    )


def test_variants_of_one_verdict_share_a_clause(report: Report) -> None:
    findings = [
        replace(finding, verdict="better", n=finding.planned) for finding in report.findings
    ]
    assert "no-dropout, same, odd and wild are better than the baseline; wild diverged" in answer(
        replace(report, findings=findings)
    )


def test_equivalence_is_never_claimed_without_its_margin(report: Report) -> None:
    findings = [replace(finding, verdict="equivalent", margin=0.5) for finding in report.findings]
    assert "are equivalent to the baseline (within 0.5);" in answer(
        replace(report, findings=findings)
    )


def test_a_study_without_variants_has_no_answer(report: Report) -> None:
    assert answer(replace(report, findings=())) == (
        "The study has no variants, so there is nothing to compare."
    )


@pytest.mark.parametrize(
    ("names", "text"), [(["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")]
)
def test_lists_read_as_prose(names: list[str], text: str) -> None:
    assert listed(names) == text


def test_pretraining_is_reported_with_the_variants_that_use_it(report: Report) -> None:
    both = Pretraining(
        "general", updates=300, initialized=["baseline", "slower"], referenced=["drafted"]
    )
    first = "general was trained first, once per seed, for 300 updates"
    assert (
        pretraining_sentence(both)
        == f"{first}: baseline and slower start from it; drafted uses it in an option."
    )
    assert (
        pretraining_sentence(both._replace(initialized=["slower"], referenced=[]))
        == f"{first}: slower starts from it."
    )
    concluded = replace(report, pretraining=[both])
    assert f"- {first}: baseline and" in as_markdown(concluded)
    assert f"<p>{first}: baseline and" in as_html(concluded, drawings=[])
    assert "trained first" not in as_markdown(report)
