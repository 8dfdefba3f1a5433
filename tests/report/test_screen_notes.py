"""Notes below the findings on a screen claim no more than their tests."""

from __future__ import annotations

from dataclasses import replace

from harness.contracts import Design, SeedValues
from harness.report import Report
from harness.report.screen_notes import caption, notes


def test_an_interval_beside_corrected_p_is_told_to_be_of_each_alone(report: Report) -> None:
    assert "difference [95% interval, of each alone], p of a paired t test, corr" in caption(report)
    alone = replace(report, findings=[replace(report.on_primary[0], family=1)])
    assert "difference [95% interval], p of a paired t test" in caption(alone)


def test_the_p_of_equivalence_is_not_that_of_a_difference(report: Report) -> None:
    tested = replace(report.on_primary[0], margin=0.5, p_equivalent_adjusted=1.0)
    told = [*notes(replace(report, findings=[tested]))]
    assert "Equivalence p, by two one-sided tests against the margin of 0.5: no-dropout 1." in told


def test_a_floor_of_tied_seeds_counts_them(report: Report) -> None:
    pairs = [SeedValues(seed, 30.0, 30.0 + (seed == 6)) for seed in range(1, 7)]
    tied = replace(report.on_primary[0], n=6, p_sign_flip=1.0, p_floor=1.0, per_seed=pairs)
    told = " ".join(notes(replace(report, findings=[tied])))
    assert "cannot go below p = 1 with 6 seeds, of which 5 are tied." in told


def test_a_floor_over_looks_names_their_factor(report: Report) -> None:
    """Of three seeds 1 / 4, times three looks."""
    looked = replace(report.on_primary[0], looks=3, p_sign_flip=0.75, p_floor=0.75)
    told = " ".join(notes(replace(report, findings=[looked])))
    assert "cannot go below p = .75 with 3 seeds, multiplied by the 3 looks." in told
    added = replace(report, findings=[looked], design=Design(looks=(2,), added_looks=(3,)))
    assert "p = .75 with 3 seeds, at the look that allows the least." in " ".join(notes(added))
    once = " ".join(notes(replace(report, findings=[replace(looked, looks=1)])))
    assert "cannot go below p = .75 with 3 seeds." in once


def test_the_caption_of_a_table_speaks_of_no_plan(report: Report) -> None:
    assert "variant, pairs of those planned, difference" in caption(report)
    table = caption(replace(report, design=Design(of_table=True)))
    assert "variant, pairs of all seeds, difference" in table
    assert "over the 4 variants" in table


def test_the_caption_names_both_tests_where_some_p_is_of_sign_flips(report: Report) -> None:
    first, *_ = report.on_primary
    flipped = replace(first, interval_low=None, interval_high=None, p=0.25)
    both = caption(replace(report, findings=[first, flipped]))
    assert "p of a paired t test, or of the sign-flip test where there is no spread, corr" in both
    assert "p of the sign-flip test, corr" in caption(replace(report, findings=[flipped]))
    assert "p of a paired t test, corr" in caption(replace(report, findings=[first]))


def test_what_holds_for_survivors_names_seeds_only_where_runs_are_paired(report: Report) -> None:
    died = replace(report.on_primary[0], verdict="inconclusive", p_adjusted=0.01, diverged=1)
    told = " ".join(notes(replace(report, findings=[died])))
    assert "only on seeds where no run diverged, which leaves it inconclusive: no-dropout." in told
    unpaired = " ".join(notes(replace(report, findings=[replace(died, method="welch")])))
    assert "only among runs that did not diverge, which leaves it inconclusive" in unpaired
