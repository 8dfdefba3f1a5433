"""The table of variance names the sources that a study's runs tell apart, and no other."""

from __future__ import annotations

from dataclasses import replace

from harness.analysis import Sentences
from harness.contracts import Design
from harness.report.html import as_html
from harness.report.values import Report
from harness.report.variance_table import variance_note, variance_table
from harness.report.write import as_markdown


def test_seeds_are_one_source_without_replicates(report: Report) -> None:
    """Of 30, 31 and 29: s = 1, between sqrt(2 / 7.378) and sqrt(2 / 0.05064) (tables)."""
    assert variance_table(report).rows == [
        ["seeds (all that they decide)", "1.0", "0.5 to 6.3", "100%", 2]
    ]
    assert variance_note(report).startswith("bleu of the baseline, by source. A seed decides")
    assert "## Variance by source\n\n| source" in as_markdown(report)
    assert ">Variance by source</a></h2>" in as_html(report, drawings=())


def test_replicates_part_the_seeds(report: Report) -> None:
    """Scores of `no-dropout` beside the baseline's: MSB 3.1017, MSW 13.2083, by hand."""
    parted = replace(report, design=Design(noise_floor=("no-dropout",)))
    assert [(row[0], row[1], row[3]) for row in variance_table(parted).rows] == [
        ("initial weights", "0.0", "0%"),
        ("order and noise", "3.6", "100%"),
    ]
    note = variance_note(parted)
    assert note.startswith(
        "bleu of the baseline and a variant that changes nothing, by source. Runs"
    )


def test_without_spread_there_is_no_table(report: Report) -> None:
    assert "Variance by source" not in as_markdown(replace(report, results=report.results[:1]))


def test_documents_are_named_where_their_sentences_count_together(report: Report) -> None:
    """Sums by document -1, -1, 2 of six sentences: 3 x 3 / 36, of which the root is 0.50."""
    known = Sentences((-1.0, 0.0, 0.0, -1.0, 1.0, 1.0), documents=[*"aabbcc"])
    results = [replace(run, sentences={"bleu": known}) for run in report.results]
    findings = [replace(finding, documents=3) for finding in report.findings]
    grouped = replace(report, results=results, findings=findings)
    _, sentences = variance_table(grouped).rows
    assert (sentences[0], sentences[1], sentences[-1]) == ("test sentences", "0.50", 2)
    assert variance_note(grouped).endswith(
        "Those of one document count together, and df counts documents."
    )
    assert "document" not in variance_note(report)
