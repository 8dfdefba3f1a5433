from __future__ import annotations

from dataclasses import replace

import pytest

from harness.contracts import Finding
from harness.report import Pretraining, Report
from harness.report.answer_text import answer, method_note, pretraining_sentence
from harness.report.html import as_html
from harness.report.tables import verdicts
from harness.report.verdict_claims import listed
from harness.report.write import as_markdown


def test_the_answer_names_every_variant_with_its_verdict(report: Report) -> None:
    assert answer(report) == (
        "By bleu on the test split, over three seeds only: no-dropout is worse than the baseline;"
        " same is identical to the baseline; odd is inconclusive;"
        " wild has too few complete pairs for a test; wild diverged in 1 of 2 runs, the"
        " baseline in 0 of 3 (McNemar p = 1 over 1 pair); p by McNemar is not corrected for the"
        " number of variants."
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
    assert pretraining_sentence(Pretraining("/models/base", None, ["baseline", "slower"], [])) == (
        "baseline and slower start from the weights in /models/base, the same for every seed: what "
        "weights of other seeds would do is no part of the spread."
    )
    concluded = replace(report, pretraining=[both])
    assert f"- {first}: baseline and" in as_markdown(concluded)
    assert f"<p>{first}: baseline and" in as_html(concluded, drawings=[])
    assert "trained first" not in as_markdown(report)


def test_the_note_names_the_test_that_p_is_from(report: Report) -> None:
    tested = report.on_primary[0]
    constant = replace(tested, interval_low=None, interval_high=None)

    def note(*findings: Finding) -> str:
        return method_note(replace(report, findings=findings), correction="")

    assert "p is from a paired t test." in note(tested)
    assert "p is from the sign-flip test, as there is no spread for a t test." in note(constant)
    either = "p is from a paired t test, or the sign-flip test where there is no spread for one."
    assert either in note(tested, constant)


def test_the_sign_test_counts_ties_and_labels_means(report: Report) -> None:
    signed = replace(
        report, findings=[replace(finding, method="sign_test") for finding in report.findings]
    )
    assert "seeds with equal scores count against" in method_note(signed, correction="")
    assert verdicts(signed).header[3:5] == ["baseline mean", "variant mean"]
    assert verdicts(report).header[3:5] == ["baseline", "variant mean"]
