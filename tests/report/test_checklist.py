from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from harness.contracts import Design
from harness.report import Provenance, Report, TunedVariant, TuningSummary
from harness.report.checklist import checklist
from harness.report.html import as_html
from harness.report.write import as_markdown

ITEMS = [
    "Runs per variant",
    "Seeds",
    "Pairing, and correlation over seeds",
    "Primary metric",
    "Scored weights",
    "Scores of every run",
    "Mean difference, 95% interval",
    "Test, p, corrected p",
    "Smallest attainable p",
    "Effect size",
    "Detectable difference (80% power, at this spread)",
    "Margin and equivalence test",
    "Intervals over seeds and over test sentences",
    "Inspections of the results",
    "Tuning of each variant",
    "Versions",
    "Device and threads",
    "Commit of the study",
    "Runs without a score",
]


def lines_by_item(report: Report) -> Mapping[str, Sequence[str]]:
    return {item.name: item.lines for item in checklist(report)}


def test_every_item_has_a_value_or_not_done(report: Report) -> None:
    items = lines_by_item(report)
    assert list(items) == ITEMS
    assert all(lines and all(lines) for lines in items.values())
    assert items["Margin and equivalence test"] == ["not done"]
    assert items["Tuning of each variant"] == ["not done"]
    assert items["Intervals over seeds and over test sentences"] == ["not done"]


def test_runs_that_failed_are_counted(report: Report) -> None:
    counts = lines_by_item(report)["Runs per variant"]
    assert counts[0] == "baseline: 3 planned, 3 finished"
    assert counts[-1] == "wild: 3 planned, 1 diverged, 1 failed, 1 not run"


def test_numbers_are_those_of_the_findings(report: Report) -> None:
    items, (finding, *_) = lines_by_item(report), report.on_primary
    assert finding.p is not None
    assert finding.correlation is not None
    label = "no-dropout"
    (difference,) = (e for e in items["Mean difference, 95% interval"] if e.startswith(label))
    assert difference.startswith(f"no-dropout: {finding.difference:+.2f} (")
    assert items["Pairing, and correlation over seeds"][:2] == [
        "paired by seed",
        f"no-dropout: {finding.correlation:.2f} (-1.00 to 1.00)",
    ]
    assert items["Test, p, corrected p"][0] == (
        "paired t test, two-sided, corrected by Holm's method over the 4 planned variants"
    )
    assert items["Smallest attainable p"][0] == "no-dropout: .25 by sign flips, with 3 seeds"
    assert "wild: n/a" in items["Effect size"]


def test_a_margin_is_reported_with_its_test(report: Report) -> None:
    findings = [
        replace(finding, margin=0.5, p_equivalent_adjusted=0.04) for finding in report.findings
    ]
    lines = lines_by_item(replace(report, findings=findings))["Margin and equivalence test"]
    assert lines[0] == "no-dropout: margin 0.5, two one-sided tests, corrected p .04"


def test_intervals_over_sentences_are_reported_with_those_over_seeds(report: Report) -> None:
    first, *others = report.findings
    first = replace(
        first,
        interval_sentences_low=-5.25,
        interval_sentences_high=-4.75,
        combined_low=-6.0,
        combined_high=-4.0,
    )
    lines = lines_by_item(replace(report, findings=[first, *others]))
    (first_line, *rest) = lines["Intervals over seeds and over test sentences"]
    assert first_line.endswith("sentences -5.25 to -4.75, both -6.00 to -4.00")
    assert set(rest) == {"same: n/a", "odd: n/a", "wild: n/a"}


def test_inspections_and_tuning_are_reported(report: Report) -> None:
    tuned = TunedVariant("baseline", {1: "0.5", 2: "1", 3: "0.5"}, {"0.5": 1.0, "1": None})
    tuning = TuningSummary("schedule.noam.factor", 2, "nll", [tuned])
    inspected = replace(
        report, inspections="Looked at 2 times: with 3 and 5 seeds.", tuning=tuning, design=Design()
    )
    assert lines_by_item(report)["Inspections of the results"] == ["one"]
    assert lines_by_item(inspected)["Inspections of the results"] == [
        "Looked at 2 times: with 3 and 5 seeds"
    ]
    assert lines_by_item(inspected)["Tuning of each variant"] == [
        "2 values of schedule.noam.factor for every variant, 2 seeds per value",
        "chosen anew for every seed, by trials of its own, by nll on validation",
        "baseline: 0.5 (seeds 1, 3); 1 (seed 2)",
    ]


def test_provenance_is_reported_and_escaped_in_both_forms(report: Report) -> None:
    circumstances = Provenance(
        weights=["those after the last update, number 300"],
        machine=["cpu, 1 thread, float32"],
        commit="0123456789ab, changed",
        excluded=["wild, seed 1: diverged (loss <nan> at *update* 3)"],
    )
    concluded = replace(report, provenance=circumstances)
    page, text = as_html(concluded, drawings=()), as_markdown(concluded)
    assert '<dt>Commit of the study</dt><dd dir="auto">0123456789ab, changed</dd>' in page
    assert "wild, seed 1: diverged (loss &lt;nan&gt; at *update* 3)" in page
    assert (
        r"- **Runs without a score:** wild, seed 1: diverged (loss &lt;nan> at \*update\* 3)"
        in text
    )
    assert "- **Device and threads:** cpu, 1 thread, float32\n" in text


def test_a_p_that_is_no_t_tests_is_named(report: Report) -> None:
    constant = replace(
        report.on_primary[0], interval_low=None, interval_high=None, p=0.0625, p_adjusted=0.125
    )
    told = lines_by_item(replace(report, findings=[constant]))["Test, p, corrected p"]
    assert told[-1] == "no-dropout: sign-flip p .0625, corrected .125"
    signed = replace(report.on_primary[0], method="sign_test")
    floor = lines_by_item(replace(report, findings=[signed]))["Smallest attainable p"]
    assert floor == ["no-dropout: .25 by the sign test, with 3 seeds"]


def test_a_run_without_the_primary_score_is_named_with_its_reason(report: Report) -> None:
    bare = replace(report.results[0], scores={"nll": 2.5}, unscored={"bleu": "no text"})
    lines = lines_by_item(replace(report, results=[bare, *report.results[1:]]))
    assert lines["Runs without a score"] == ["baseline, seed 1: no bleu (no text)"]
    assert lines_by_item(report)["Runs without a score"] == ["none"]


def test_a_choice_among_no_scores_is_said_to_be_the_first(report: Report) -> None:
    tuned = TunedVariant("baseline", {1: "0.5"}, {"0.5": None, "1": None})
    tuning = TuningSummary("rate", 1, "nll", [tuned], once=True)
    lines = lines_by_item(replace(report, tuning=tuning))["Tuning of each variant"]
    assert lines[-1] == "baseline: 0.5, the first, as no value has a score"


def test_a_floor_over_looks_names_their_factor(report: Report) -> None:
    looked = replace(report.on_primary[0], looks=3, p_floor=0.75)
    lines = lines_by_item(replace(report, findings=[looked]))["Smallest attainable p"]
    assert lines == ["no-dropout: .75 by sign flips, with 3 seeds, multiplied by the 3 looks"]
    added = replace(report, findings=[looked], design=Design(looks=(2,), added_looks=(3,)))
    assert lines_by_item(added)["Smallest attainable p"] == [
        "no-dropout: .75 by sign flips, with 3 seeds, at the look that allows the least"
    ]
