"""A report says how its study was made, and what p values are corrected for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.contracts import Design, Factorial, Finding, FindingKind, Level, Sweep
from harness.report import Report, tables
from harness.report.answer_text import answer
from harness.report.design_text import corrected, designed
from harness.report.html import as_html
from harness.report.markdown import table
from harness.report.write import as_markdown

CROSSED = Factorial(
    factors={"dropout": ("baseline", "none"), "loss": ("baseline", "plain", "kl")}, cells={}
)


def as_kind(report: Report, kind: FindingKind, *, against: str, design: Design) -> Report:
    """The report as if its findings on the primary metric were of another kind."""
    findings = [
        replace(each, kind=kind, against=against, verdict="better")
        for each in report.findings
        if each.role == "primary"
    ]
    return replace(report, findings=findings, design=design)


@pytest.fixture
def stopped(report: Report) -> Report:
    """Three looks were planned, and two taken: seeds 1 to 3."""
    return replace(report, design=Design(looks=(2, 3, 6)))


def test_variants_are_compared_one_at_a_time(report: Report) -> None:
    assert [*designed(report)] == [
        (
            "One at a time: each variant is held against the baseline, and what several of them "
            "would do together is not tested."
        )
    ]
    assert corrected(report) == ", corrected by Holm's method over the 4 planned variants"


def test_a_factorial_study_is_named_with_its_levels(report: Report) -> None:
    crossed = as_kind(report, "effect", against="loss=baseline", design=Design(factorial=CROSSED))
    (line,) = designed(crossed)
    assert line.startswith(
        "Full factorial, 2 x 3: dropout (baseline, none) and loss (baseline, plain, kl). "
    )
    assert "Leaving one choice out of the whole, or adding one to nothing, would estimate" in line
    assert corrected(crossed) == ", corrected by Holm's method over the 4 effects"
    assert "no-dropout, same, odd and wild are better than loss=baseline." in answer(crossed)


def test_pairs_are_told_apart(report: Report) -> None:
    pairs = as_kind(report, "pair", against="odd", design=Design())
    assert [*designed(pairs)] == ["Each variant is held against each, the baseline among them."]
    assert "are better than odd" in answer(pairs)
    undecided = replace(
        pairs, findings=[replace(each, verdict="inconclusive") for each in pairs.findings]
    )
    assert "no-dropout against odd, same against odd" in answer(undecided)
    assert next(row[0] for row in tables.verdicts(pairs).rows) == "no-dropout against odd"
    assert "| against |" in " ".join(table(tables.verdicts(pairs)).split())


def test_the_noise_floor_is_named_and_is_in_no_family_but_its_own(report: Report) -> None:
    def floor(finding: Finding) -> Finding:
        return replace(finding, kind="noise_floor") if finding.variant == "same" else finding

    one = replace(
        report, findings=[*map(floor, report.findings)], design=Design(noise_floor=("same",))
    )
    *_, line = designed(one)
    assert line.startswith("same changes nothing but chance (A/A)")
    assert "share" not in line
    assert corrected(one) == ", corrected by Holm's method over the 3 planned variants"
    every = as_kind(
        report,
        "noise_floor",
        against="baseline",
        design=Design(noise_floor=report.variants[1:]),  # type: ignore[arg-type]  # a tuple here
    )
    (line,) = designed(every)
    assert line.startswith("4 variants change nothing but chance (A/A)")
    assert "their p values are not independent" in line
    assert (
        "4 variants that change nothing are better than the baseline, though nothing but chance "
        "differs (a false alarm)" in answer(every)
    )


def test_a_sweep_is_named(report: Report) -> None:
    sweep = Sweep(option="model.layers", levels=(Level(1, "odd"),))
    *_, line = designed(replace(report, design=Design(sweep=sweep)))
    assert line == "model.layers is swept; the baseline's own value is no variant."


def test_looks_are_counted_and_said_to_be_corrected_for(stopped: Report) -> None:
    *_, line = designed(stopped)
    assert "2 of 3 planned looks were taken, after 2, 3 and 6 seeds at most" in line
    assert "intervals have 98.33%" in line
    assert "over at most 3 seeds: " in answer(stopped)
    assert corrected(stopped).endswith("over the 4 planned variants, and multiplied by the 3 looks")


def test_a_seed_that_a_variant_did_not_need_is_not_missing(stopped: Report, report: Report) -> None:
    from harness.contracts import RunSummary

    def facts(variant: str, seed: int) -> RunSummary:
        return RunSummary(
            variant=variant,
            seed=seed,
            outcome="finished",
            scores={},
            validation=(),
            seconds=None,
            target_tokens=None,
        )

    runs = [facts(v, s) for v in report.variants for s in (1, 2, 3) if (v, s) != ("wild", 3)]
    some = replace(stopped, runs=runs)
    assert [row[:2] for row in tables.runs(some).rows][-2:] == [["odd", 3], ["wild", 2]]
    assert tables.by_seed(some).rows[2][-1] == "n/a"
    assert tables.by_seed(report).rows[2][-1] == "not run"


def test_both_reports_say_it(stopped: Report) -> None:
    for line in designed(stopped):
        assert line in as_markdown(stopped)
        assert line.replace("'", "&#39;") in as_html(stopped, drawings=[])
