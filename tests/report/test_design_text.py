"""The design of a study and the correction of its p values, in the report."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.contracts import Design, Factorial, Finding, FindingKind, Level, Sweep
from harness.report import Report, tables
from harness.report.answer_text import answer, intervals_note
from harness.report.checklist import checklist
from harness.report.design_text import correction_text, design_sentences
from harness.report.html import as_html
from harness.report.markdown import table
from harness.report.write import as_markdown

CROSSED = Factorial(
    factors={"dropout": ("baseline", "none"), "loss": ("baseline", "plain", "kl")}, cells={}
)


def as_kind(report: Report, kind: FindingKind, *, against: str, design: Design) -> Report:
    """The report as if its findings on the primary metric were of another kind."""
    findings = [
        replace(finding, kind=kind, against=against, verdict="better", n=finding.planned)
        for finding in report.findings
        if finding.role == "primary"
    ]
    return replace(report, findings=findings, design=design)


@pytest.fixture
def stopped(report: Report) -> Report:
    """Three looks were planned, and two taken: seeds 1 to 3."""
    return replace(report, design=Design(looks=(2, 3, 6)))


def test_variants_are_compared_one_at_a_time(report: Report) -> None:
    assert [*design_sentences(report)] == [
        (
            "One at a time: each variant is compared with the baseline; combinations of variants "
            "are not tested."
        )
    ]
    assert correction_text(report) == ", corrected by Holm's method over the 4 planned variants"


def test_a_factorial_study_is_named_with_its_levels(report: Report) -> None:
    crossed = as_kind(report, "effect", against="loss=baseline", design=Design(factorial=CROSSED))
    (line,) = design_sentences(crossed)
    assert line.startswith(
        "Full factorial, 2 x 3: dropout (baseline, none) and loss (baseline, plain, kl). "
    )
    assert (
        "Removing one choice from the full combination, or adding one to the baseline, would"
        in line
    )
    assert line.endswith(
        "An interaction is the effect of a combination minus the sum of the effects of its parts;"
        " where noise is alike in all cells, it takes at least four times as many seeds as a main"
        " effect of the same size."
    )
    assert correction_text(crossed) == ", corrected by Holm's method over the 4 effects"
    assert "no-dropout, same, odd and wild are better than loss=baseline; wild" in answer(crossed)


def test_pairs_are_named(report: Report) -> None:
    pairs = as_kind(report, "pair", against="odd", design=Design())
    assert [*design_sentences(pairs)] == [
        "All pairs: every variant is compared with every other and with the baseline."
    ]
    assert "are better than odd" in answer(pairs)
    undecided = replace(
        pairs, findings=[replace(finding, verdict="inconclusive") for finding in pairs.findings]
    )
    assert "no-dropout against odd, odd against odd and wild against odd are" in answer(undecided)
    assert "same has scores equal to those of odd" in answer(undecided)
    assert "no-dropout against odd" in [row[0] for row in tables.verdicts(pairs).rows]
    assert "| comparator |" in " ".join(table(tables.verdicts(pairs)).split())


def test_the_noise_floor_is_named_and_is_in_no_family_but_its_own(report: Report) -> None:
    def floor(finding: Finding) -> Finding:
        return replace(finding, kind="noise_floor") if finding.variant == "same" else finding

    one = replace(
        report, findings=[*map(floor, report.findings)], design=Design(noise_floor=("same",))
    )
    *_, line = design_sentences(one)
    assert line.startswith(
        "same differs from the baseline by chance only (A/A) and shows the noise"
    )
    assert "independent" not in line
    assert correction_text(one) == ", corrected by Holm's method over the 3 planned variants"
    every = as_kind(
        report,
        "noise_floor",
        against="baseline",
        design=Design(noise_floor=report.variants[1:]),  # type: ignore[arg-type]  # a tuple here
    )
    (line,) = design_sentences(every)
    assert line.startswith("4 variants differ from the baseline by chance only (A/A) and show the")
    assert "their p values are not independent" in line
    assert (
        "4 variants that change nothing are better than the baseline, although only chance "
        "differs (a false alarm)" in answer(every)
    )


def test_a_sweep_is_named(report: Report) -> None:
    sweep = Sweep(option="model.layers", levels=(Level(1, "odd"),))
    *_, line = design_sentences(replace(report, design=Design(sweep=sweep)))
    assert line == "Sweep of model.layers; the baseline's own value is not a variant."


def test_looks_are_counted_and_their_correction_is_reported(stopped: Report) -> None:
    *_, line = design_sentences(stopped)
    assert "2 of 3 planned looks were taken (planned after 2, 3 and 6 seeds)" in line
    assert "intervals have a confidence level of 98.33%" in line
    assert "over at most 3 seeds: " in answer(stopped)
    assert correction_text(stopped).endswith(
        "over the 4 planned variants, and multiplied by the 3 looks"
    )


def test_a_look_that_was_added_has_a_level_of_its_own(stopped: Report) -> None:
    first, *rest = stopped.findings
    design = replace(stopped.design, added_looks=(8,))
    others = [replace(finding, looks=3) for finding in rest]
    late = replace(stopped, design=design, findings=[replace(first, looks=40), *others])
    *_, line = design_sentences(late)
    assert line.endswith(
        "multiplied by the number of planned looks, or by the factor of a look that"
        " was added, and intervals have a confidence level of 98.33%, or 99.88% after 8 seeds, so"
        " that both are valid at whichever look a variant stopped (Bonferroni over looks)."
    )
    assert "difference (98.33% or 99.88% interval)" in tables.verdicts(late).header
    assert "on these sentences (98.33% or 99.88%)" in intervals_note(late)
    names = [item.name for item in checklist(late)]
    assert "Mean difference, 98.33% or 99.88% interval" in names


def test_looks_agree_with_their_verb_and_seeds_with_their_factor(report: Report) -> None:
    early = replace(report, design=Design(looks=(2, 6, 9), added_looks=(12, 20)))
    *_, line = design_sentences(early)
    assert "1 of 3 planned looks was taken (planned after" in line
    # 10 * 4 * 3 / 3 and 10 * 5 * 4 / 3, rounded up
    assert "after 12 seeds (p times 40) and 20 seeds (p times 67): they share" in line


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
    assert [row[:2] for row in tables.run_counts(some).rows][-2:] == [["odd", 3], ["wild", 2]]
    assert tables.scores_by_seed(some).rows[2][-1] == "n/a"
    assert tables.scores_by_seed(report).rows[2][-1] == "not run"


def test_both_reports_have_the_sentences(stopped: Report) -> None:
    for line in design_sentences(stopped):
        assert line in as_markdown(stopped)
        assert line.replace("'", "&#39;") in as_html(stopped, drawings=[])
