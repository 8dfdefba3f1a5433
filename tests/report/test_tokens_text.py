from __future__ import annotations

from dataclasses import replace

from harness.report import Report
from harness.report.tokens_text import tokens_note, unscored_note
from harness.report.write import as_markdown

WHY = "its tokenizer does not give back 2 of 9 references exactly"


def scored_on(report: Report, **tokens: str) -> Report:
    """The report, with variants of other tokens than those of the rest."""
    results = [
        replace(run, tokens=tokens.get(run.variant, "words"), references="the same")
        for run in report.results
    ]
    return replace(report, results=results)


def test_the_page_says_what_compares_runs_with_other_tokens(report: Report) -> None:
    other = scored_on(report, odd="characters")
    assert "bits_per_byte is per byte of the raw text" in as_markdown(other)
    for same in (report, scored_on(report)):
        assert tokens_note(same) == ""


def test_the_page_says_why_there_are_no_bits_per_byte(report: Report) -> None:
    results = [
        replace(run, unscored={"bits_per_byte": WHY}) if run.variant in {"odd", "same"} else run
        for run in report.results
    ]
    lacking = replace(report, results=results)
    assert unscored_note(lacking) == f" No bits_per_byte of same and odd: {WHY}."
    assert unscored_note(lacking) in as_markdown(lacking)
    assert unscored_note(report) == ""
