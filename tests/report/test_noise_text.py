from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from harness.contracts import Design
from harness.report import Report
from harness.report.answer_text import answer, supporting_note
from harness.report.noise_text import noise_sentences, rare_collapse_note

_FAR = "1 of 9 runs of baseline is far below their median of 30 (2 on seed 4)"


def test_a_caution_stands_in_the_answer_once_for_a_shared_baseline(report: Report) -> None:
    findings = [replace(finding, caution=_FAR) for finding in report.findings]
    text = answer(replace(report, findings=findings))
    assert text.count(_FAR) == 1
    assert ". Caution: 1 of 9 runs" in text
    assert "does not hold if noise is skewed and differs between the sides; `compare:" in text


def test_no_other_test_is_recommended_to_the_sign_test(report: Report) -> None:
    findings = [replace(finding, caution=_FAR, method="sign_test") for finding in report.findings]
    signed = replace(report, findings=findings)
    assert noise_sentences(signed) == f"Caution: {_FAR}."
    assert "over three seeds only, by the median difference: " in answer(signed)


def test_quiet_scores_add_nothing(report: Report) -> None:
    assert noise_sentences(report) == ""


def test_the_note_says_which_collapses_remain_possible(report: Report) -> None:
    # (1 - .632)^3 = .05
    quiet = replace(report, findings=report.findings[:3])  # without the variant that diverged
    possible = "3 runs without one are compatible, at 95% confidence, with a collapse in up to 63%"
    assert possible in supporting_note(quiet)


@pytest.mark.parametrize(
    "changed",
    [
        {"diverged": 1},
        {"diverged_baseline": 1},
        {"caution": "1 of 9 runs of v is far below their median of 30 (2 on seed 4)"},
        {
            "caution": "1 of 9 runs of v is far above their median of 2 (9 on seed 4)",
            "higher_is_better": False,
        },
    ],
)
def test_runs_with_a_collapse_are_not_runs_without_one(
    report: Report, changed: dict[str, Any]
) -> None:
    first = report.on_primary[0]
    assert rare_collapse_note(replace(report, findings=[first]))
    assert not rare_collapse_note(replace(report, findings=[replace(first, **changed)]))


def test_a_run_far_better_than_the_others_is_no_collapse(report: Report) -> None:
    lucky = replace(report.on_primary[0], caution="1 of 9 runs of v is far above their median of 2")
    assert rare_collapse_note(replace(report, findings=[lucky]))


def test_the_way_to_another_test_is_that_of_the_command(report: Report) -> None:
    findings = [replace(finding, caution=_FAR, method="welch") for finding in report.findings]
    of_table = replace(report, findings=findings, design=Design(of_table=True))
    assert noise_sentences(of_table) == (
        f"Caution: {_FAR}; the 5% bound on false verdicts does not hold if noise is skewed and"
        " differs between the sides; `--method sign_test`, on eight or more other seeds where runs"
        " are paired, asks about the median difference, and holds for independent noise of any"
        " shape."
    )


@pytest.mark.parametrize(
    ("family", "looks", "words"), [(1, 1, "six"), (2, 1, "seven"), (4, 5, "10"), (0, 1, "six")]
)
def test_other_seeds_are_as_many_as_the_sign_test_needs(
    report: Report, family: int, looks: int, words: str
) -> None:
    first = replace(report.on_primary[0], caution=_FAR, family=family, looks=looks)
    assert f"on {words} or more other seeds, asks about the median difference, and" in (
        noise_sentences(replace(report, findings=[first]))
    )
