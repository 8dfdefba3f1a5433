from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from harness.report import Report, write
from harness.report.write import as_markdown

FIELDS = [
    *("variant", "against", "kind", "metric", "split", "role", "method"),
    *("n", "n_baseline", "looks"),
    *("planned", "finished", "failed", "diverged", "diverged_baseline", "ended"),
    *("ended_baseline", "ended_pairs", "n_ranked"),
    *("reached", "baseline_reached", "p_diverged"),
    *("baseline_mean", "variant_mean", "difference", "interval_low", "interval_high"),
    *("p", "p_adjusted", "p_sign_flip", "p_floor", "p_ranks", "p_max_t"),
    *("effect_size", "detectable", "correlation", "correlation_low", "correlation_high"),
    *("improvement", "improvement_low", "improvement_high", "baseline_iqm", "variant_iqm"),
    *("margin", "p_equivalent", "p_equivalent_adjusted"),
    *("interval_sentences_low", "interval_sentences_high", "combined_low", "combined_high"),
    *("p_bootstrap", "documents"),
    *("higher_is_better", "verdict", "reason", "caution", "family", "deviations"),
    *("of_table", "per_seed"),
]


def cells(row: str) -> list[str]:
    return [cell.strip() for cell in row.strip("|").split(" | ")]


def row(markdown: str, *, of: str) -> list[str]:
    """The cells of the first table row that starts with a name."""
    return cells(next(line for line in markdown.splitlines() if line.startswith(f"| {of} ")))


def test_findings_are_a_list_of_objects_with_their_fields_in_order(
    report: Report, tmp_path: Path
) -> None:
    write(report, folder=tmp_path / "study")
    findings = json.loads((tmp_path / "study" / "findings.json").read_text("utf-8"))
    assert [list(finding) for finding in findings] == [FIELDS] * 8
    assert findings[0]["per_seed"][1] == {"seed": 2, "baseline": 31.0, "variant": 26.0}
    assert [finding["verdict"] for finding in findings[:4]] == [
        *("worse", "identical", "inconclusive", "no_inference")
    ]
    assert findings[3]["baseline_mean"] is None


def test_the_table_of_verdicts_has_the_numbers_of_the_findings(report: Report) -> None:
    assert row(as_markdown(report), of="no-dropout") == [
        *("no-dropout", "worse", "3", "30.00", "24.97", "-5.03 (-5.41 to -4.65)"),
        ".001",
    ]
    assert row(as_markdown(report), of="same")[-2:] == ["0.00", "n/a"]


def test_supporting_statistics_have_a_table_of_their_own(report: Report) -> None:
    statistics = as_markdown(report).split("## Supporting statistics")[1]
    assert row(statistics, of="variant") == [
        *("variant", "detectable", "effect size", "max-T p", "sign-flip p", "correlation"),
        *("diverged, p", "improvement"),
    ]
    assert row(statistics, of="no-dropout") == [
        *("no-dropout", "1.00", "-18.59", ".25", ".25 (min .25)"),
        *("0.99 (-1.00 to 1.00)", "n/a", "0.00 (0.00 to 0.50)"),
    ]
    assert row(statistics, of="wild")[-2:] == ["1 of 2 against 0 of 3, 1", "n/a"]
    assert "Neither can go below the smallest p" in statistics
    assert "new sentences" not in statistics


def test_margins_and_sentences_are_reported_if_there_are_any(report: Report) -> None:
    tested = {"margin": 0.5, "p_equivalent_adjusted": 0.012, "p_bootstrap": 0.3}
    over = {"interval_sentences_low": -6.0, "interval_sentences_high": -4.06}
    both = {"combined_low": -6.08, "combined_high": -3.98}
    first = replace(report.findings[0], **tested, **over, **both)
    statistics = as_markdown(replace(report, findings=[first])).split("## Supporting statistics")[1]
    assert row(statistics, of="no-dropout")[3] == ".012"
    assert "tests that the absolute difference is less than 0.5" in statistics
    assert row(statistics.split("new seeds")[1], of="no-dropout") == [
        *("no-dropout", "-5.41 to -4.65", "-6.00 to -4.06", "-6.08 to -3.98", ".3"),
    ]


def test_unpaired_runs_are_reported_as_such(report: Report) -> None:
    text = as_markdown(
        replace(report, findings=[replace(finding, method="welch") for finding in report.findings])
    )
    assert "p is from Welch's t test, corrected by Holm's method over the 4" in text
    assert row(text, of="variant")[2:4] == ["baseline runs", "variant runs"]


def test_runs_are_counted_by_how_they_ended(report: Report) -> None:
    counted = as_markdown(report).split("## Runs")[1]
    assert row(counted, of="baseline") == ["baseline", "3", "3", "0", "0", "0"]
    assert row(counted, of="wild") == ["wild", "3", "0", "1", "1", "1"]
    assert row(counted, of="   1")[-1] == "diverged"
    assert row(counted, of="   3")[-1] == "not run"


def test_the_report_has_the_question_the_changes_the_samples_and_the_versions(
    report: Report,
) -> None:
    text = as_markdown(report)
    assert r"**Question:** Is a < b, and what does \`dropout\` do?" in text
    assert row(text.split("Changes")[1], of="odd") == [
        *("odd", "loss", "label_smoothing", "cross_entropy")
    ]
    assert row(text.split("Sample translations")[1], of="no-dropout") == ["no-dropout", "*(empty)*"]
    assert row(text.split("Sample translations")[1], of="wild") == ["wild", "*(not translated)*"]
    assert "```console\nharness run studies/ablation.yaml\n```" in text
    assert "- bleu: `nrefs:1|case:mixed|tok:13a`" in text
    assert text.endswith("- made with harness 0.1.0, torch 2.13.0, python 3.11.7\n")


def test_nothing_in_a_corpus_becomes_markup(report: Report) -> None:
    tokens = MarkdownIt("commonmark").enable("table").parse(as_markdown(report))
    inline = [child for token in tokens for child in token.children or []]
    assert not {"html_block"} & {token.type for token in tokens}
    assert not {"html_inline", "link_open", "image"} & {child.type for child in inline}
    text = "".join(child.content for child in inline)
    for quoted in (
        "Ein Mann | <script>alert(1)</script>",
        "A `man` # with *stars*",
        "(http://y.z)",
    ):
        assert quoted in text
    assert [token.tag for token in tokens if token.type == "heading_open"] == ["h1"] + 9 * ["h2"]


def test_the_report_has_no_gaps_and_no_ragged_lines(report: Report) -> None:
    text = as_markdown(report)
    assert "\n\n\n" not in text
    assert all(line == line.rstrip() for line in text.splitlines())


def test_a_study_without_variants_or_sentences_is_still_reported(report: Report) -> None:
    alone = replace(report, variants=["baseline"], findings=(), changes={}, samples=())
    text = as_markdown(alone)
    assert "nothing to compare" in text
    assert row(text, of="   2") == ["2", "31.000"]
    assert "Verdicts" not in text
    assert "\n\n\n" not in text


def test_what_is_unchanged_is_not_written_again(report: Report, tmp_path: Path) -> None:
    path = write(report, folder=tmp_path)
    assert path == tmp_path / "report.html"
    names = ["findings.json", "report.html", "report.md"]
    for name in names:
        os.utime(tmp_path / name, (1, 1))
    write(replace(report, question="Another?"), folder=tmp_path)
    assert (tmp_path / "findings.json").stat().st_mtime == 1
    assert path.stat().st_mtime > 1
    assert sorted(item.name for item in tmp_path.iterdir()) == names


def test_nan_is_refused(report: Report, tmp_path: Path) -> None:
    broken = replace(report, findings=[replace(report.findings[0], p=float("nan"))])
    with pytest.raises(ValueError, match="JSON"):
        write(broken, folder=tmp_path)
