from __future__ import annotations

from dataclasses import replace

from harness.report import Report
from harness.report.answer_text import answer, supporting_note
from harness.report.noise_text import noise_sentences

_FAR = "1 of 9 runs of baseline far below their median of 30 (2 on seed 4)"


def test_a_caution_stands_in_the_answer_once_for_a_shared_baseline(report: Report) -> None:
    findings = [replace(finding, caution=_FAR) for finding in report.findings]
    text = answer(replace(report, findings=findings))
    assert text.count(_FAR) == 1
    assert ". Caution: 1 of 9 runs" in text
    assert "symmetric noise only; `compare: {method: sign_test}`" in text


def test_no_other_test_is_recommended_to_the_sign_test(report: Report) -> None:
    findings = [replace(finding, caution=_FAR, method="sign_test") for finding in report.findings]
    signed = replace(report, findings=findings)
    assert noise_sentences(signed) == f"Caution: {_FAR}."
    assert "over three seeds only, by the median difference: " in answer(signed)


def test_quiet_scores_add_nothing(report: Report) -> None:
    assert noise_sentences(report) == ""


def test_the_note_says_which_collapses_remain_possible(report: Report) -> None:
    # (1 - .632)^3 = .05
    assert "3 runs without one are compatible with a collapse in up to 63%" in supporting_note(
        report
    )
