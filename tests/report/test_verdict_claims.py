"""Claims of the answer that say no more than the numbers do."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.contracts import Design, Finding
from harness.report import Report
from harness.report.answer_text import answer, intervals_note, method_note, supporting_note
from harness.report.checklist import checklist
from harness.report.export import export_findings
from harness.report.tables import exploratory, supporting_statistics, verdicts


def only(report: Report, **changed: object) -> Report:
    """The report with its first finding alone, of a variant that is worse in three seeds."""
    finding = replace(report.on_primary[0], **changed)  # type: ignore[arg-type] # any field
    return replace(report, findings=[finding])


@pytest.mark.parametrize(
    ("seeds", "words"),
    [(1, "over one seed only:"), (2, "over two seeds only:"), (3, "over three seeds only:")],
)
def test_few_seeds_stand_in_the_answer(report: Report, seeds: int, words: str) -> None:
    assert words in answer(replace(report, seeds=range(seeds)))
    assert "over 4 seeds:" in answer(replace(report, seeds=range(4)))


def test_a_difference_that_does_not_matter_is_said_to_be_small(report: Report) -> None:
    small = only(report, verdict="better", margin=0.5, p_equivalent_adjusted=0.01)
    assert "is better than the baseline, by less than the margin of 0.5." in answer(small)
    dying = only(
        report, verdict="better", margin=0.5, p_equivalent_adjusted=0.01, diverged_baseline=1
    )
    assert "is better than the baseline;" in answer(dying)
    wide = only(report, verdict="better", margin=0.5, p_equivalent_adjusted=0.2)
    assert "is better than the baseline." in answer(wide)


def test_a_claim_from_fewer_pairs_than_planned_starts_with_them(report: Report) -> None:
    few = only(report, planned=10, diverged_baseline=7, ended_baseline=10)
    assert answer(few).endswith(
        ": from 3 of 10 planned pairs, no-dropout is worse than the baseline; the baseline"
        " diverged in 7 of 10 runs."
    )
    ranked = only(report, planned=10, n_ranked=10)
    assert answer(ranked).endswith(": no-dropout is worse than the baseline.")


def test_a_look_at_few_seeds_is_told_with_its_claim(report: Report) -> None:
    early = replace(only(report, looks=4), design=Design(looks=(3, 6, 9, 12)), seeds=range(12))
    assert ", over at most 12 seeds: from three seeds only, no-dropout is worse" in answer(early)


def test_every_side_that_diverged_is_counted_once(report: Report) -> None:
    first, *_, wild = report.on_primary
    dead = [replace(finding, diverged_baseline=2) for finding in (first, wild)]
    assert answer(replace(report, findings=dead)).endswith(
        "; wild diverged in 1 of 2 runs, the baseline in 2 of 3 (McNemar p = 1 over 1 pair); p by"
        " McNemar is not corrected for the number of variants."
    )
    named = [replace(finding, kind="pair", against="std") for finding in dead]
    assert answer(replace(report, findings=named)).endswith(
        "; wild diverged in 1 of 2 runs, std in 2 of 3 (McNemar p = 1 over 1 pair); p by McNemar is"
        " not corrected for the number of comparisons."
    )
    pairs = [replace(dead[0], kind="pair"), replace(dead[1], kind="pair", against="std")]
    assert answer(replace(report, findings=pairs)).endswith(
        "; the baseline diverged in 2 of 3 runs; std diverged in 2 of 3 runs; wild diverged in 1"
        " of 2 runs."
    )
    effect = only(report, kind="effect", planned=5)
    assert "from 3 of 5 planned seeds, no-dropout is worse" in answer(effect)


def test_equal_scores_are_not_called_identical(report: Report) -> None:
    equal = tuple(pair._replace(variant=pair.baseline) for pair in report.on_primary[0].per_seed)
    told = answer(only(report, verdict="inconclusive", difference=0.0, per_seed=equal))
    assert "no-dropout has scores equal to those of the baseline." in told


@pytest.mark.parametrize(
    "counts", [{"method": "welch", "n": 5}, {"method": "welch", "n_baseline": 5}, {"n_ranked": 6}]
)
def test_equal_pairs_beside_other_runs_are_not_called_equal_scores(
    report: Report, counts: dict[str, object]
) -> None:
    equal = tuple(pair._replace(variant=pair.baseline) for pair in report.on_primary[0].per_seed)
    told = answer(only(report, verdict="inconclusive", per_seed=equal, **counts))
    assert "no-dropout is inconclusive." in told


def test_sides_without_spread_are_equal_if_their_means_are(report: Report) -> None:
    same = {"method": "welch", "verdict": "inconclusive", "interval_low": None, "planned": 2}
    equal = only(report, n=2, n_baseline=2, difference=0.0, **same)
    assert "no-dropout has scores equal to those of the baseline." in answer(equal)
    apart = only(report, n=2, n_baseline=2, difference=1.0, **same)
    assert "no-dropout is inconclusive." in answer(apart)


def test_only_a_known_split_is_named(report: Report) -> None:
    unknown = replace(report, primary=replace(report.primary, split=None))
    assert answer(unknown).startswith("By bleu, over three seeds only:")
    items = {item.name: item.lines for item in checklist(unknown)}
    assert items["Primary metric"] == ["bleu, higher is better"]


def test_a_presumed_direction_stands_in_the_answer(report: Report) -> None:
    presumed = replace(report, primary=replace(report.primary, presumed=True))
    assert answer(presumed).startswith("By bleu (taken as higher is better) on the test split,")


def test_headings_name_the_level_of_their_intervals(report: Report) -> None:
    def looked(finding: Finding) -> Finding:
        return replace(finding, looks=2)

    sequential = replace(
        report, findings=[*map(looked, report.findings)], design=Design(looks=(2, 3))
    )
    header = "difference (97.5% interval)"
    assert header in verdicts(sequential).header
    assert header in exploratory(sequential).header
    assert header in export_findings(sequential.findings, form="markdown")
    assert "on these sentences (97.5%)" in intervals_note(sequential)
    names = [item.name for item in checklist(sequential)]
    assert "Mean difference, 97.5% interval" in names
    assert "difference (95% interval)" in verdicts(report).header


def test_a_rank_test_is_named_where_it_decides(report: Report) -> None:
    ranked = only(report, p_ranks=0.25, n_ranked=3)
    assert "is worse than the baseline." in answer(ranked)
    dead = only(report, p_ranks=0.25, n_ranked=3, diverged=1)
    assert "is worse than the baseline, with diverged runs ranked worst;" in answer(dead)
    assert "a signed-rank test over the seeds on which both" in method_note(ranked, correction="")
    items = {item.name: item.lines for item in checklist(ranked)}
    assert items["Test, p, corrected p"][0].startswith("signed-rank test, diverged runs worst,")


def test_a_correlation_has_its_interval(report: Report) -> None:
    known = only(report, correlation=0.62, correlation_low=-0.01, correlation_high=0.9)
    table = supporting_statistics(known)
    assert table.rows[0][table.header.index("correlation")] == "0.62 (-0.01 to 0.90)"


def test_an_improvement_without_the_runs_that_diverged_says_so(report: Report) -> None:
    dying = only(report, diverged=1)
    assert "improvement, of complete pairs" in supporting_statistics(dying).header
    unpaired = only(report, diverged=1, method="welch")
    assert "improvement, of finished runs" in supporting_statistics(unpaired).header
    ranked = only(report, diverged=1, n_ranked=3)
    assert "improvement" in supporting_statistics(ranked).header
    assert "improvement" in supporting_statistics(report).header  # of `wild`, none is known


def test_tables_tell_what_is_of_ranks_from_what_is_of_finished_pairs(report: Report) -> None:
    ranked = only(report, p_ranks=0.25, n_ranked=8, margin=0.5, p_equivalent_adjusted=0.2)
    table = verdicts(ranked)
    assert table.header == [
        *("variant", "verdict", "finished pairs", "ranked pairs", "baseline of finished pairs"),
        *("variant mean of finished pairs", "difference of finished pairs (95% interval)"),
        "p of ranked pairs (Holm)",
    ]
    assert table.rows[0][2:4] == [3, 8]
    markdown = export_findings(ranked.findings, form="markdown")
    assert "| n finished | n ranked | baseline of finished pairs |" in markdown
    assert "two one-sided t tests of the pairs that both finished" in supporting_note(ranked)
    names = {item.name: item.lines for item in checklist(ranked)}
    assert "Mean difference of finished pairs, 95% interval" in names
    assert "of finished pairs, corrected" in names["Margin and equivalence test"][0]


@pytest.mark.parametrize(
    ("sizes", "words"),
    [
        ([(5, 8), (5, 8)], "over 8 scored runs of the baseline and 5 of each variant:"),
        ([(0, 8), (5, 8)], "over 8 scored runs of the baseline and only 0 to 5 of each variant:"),
        ([(5, 8)], "over 8 scored runs of the baseline and 5 of the variant:"),
        ([(5, 1)], "over 1 scored run of the baseline and 5 of the variant:"),
        ([(3, 3)], "over three runs per side only:"),
        ([(8, 8)], "over 8 runs per side:"),
    ],
)
def test_sides_without_pairs_are_counted_apart(
    report: Report, sizes: list[tuple[int, int]], words: str
) -> None:
    findings = [
        replace(finding, method="welch", n=n, n_baseline=against, of_table=True)
        for finding, (n, against) in zip(report.on_primary, sizes, strict=False)
    ]
    table = replace(report, findings=findings, design=Design(of_table=True))
    assert words in answer(table)
    study = replace(report, findings=findings)
    assert "over three runs per side only:" in answer(study)
    assert "over 12 runs per side:" in answer(replace(study, seeds=range(12)))


def test_p_of_deaths_in_one_comparison_needs_no_correction(report: Report) -> None:
    dying = only(report, diverged=1, ended=3, ended_pairs=3, p_diverged=1.0, family=1)
    assert "diverged in 1 of 3 runs, the baseline in 0 of 3 (McNemar p = 1)." in answer(dying)
    fisher = only(report, diverged=1, ended=1, method="welch", p_diverged=0.25, family=2)
    assert answer(fisher).endswith(
        "diverged in 1 of 1 run, the baseline in 0 of 3 (Fisher p = .25); p by Fisher is not"
        " corrected for the number of variants."
    )


def test_a_table_whose_dead_rank_worst_lacks_no_seed(report: Report) -> None:
    ranked = only(report, planned=8, n_ranked=8, n=6, n_baseline=6, of_table=True, p_ranks=0.008)
    assert ": no-dropout is worse than the baseline." in answer(ranked)


def test_what_is_of_complete_pairs_only_is_headed_so(report: Report) -> None:
    dying = only(report, n=4, diverged=1, p_ranks=0.1, n_ranked=5)
    assert "interquartile means, of complete pairs" in supporting_statistics(dying).header
    assert "count is of the pairs that both finished." in supporting_note(dying)
    unpaired = verdicts(only(report, method="welch", n_baseline=8))
    assert unpaired.header[2:4] == ["baseline runs", "variant runs"]
    assert unpaired.rows[0][2:4] == [8, 3]


def test_an_effect_is_of_seeds_and_no_pair_of_runs(report: Report) -> None:
    effect = only(report, kind="effect")
    assert verdicts(effect).header[2] == "seeds"
    assert "the score of an effect's cells minus" in method_note(effect, correction="")


def test_what_is_too_few_for_a_test_is_named(report: Report) -> None:
    few = only(report, verdict="no_inference", n=1)
    assert answer(few).endswith("no-dropout has too few complete pairs for a test.")
    effect = only(report, verdict="no_inference", n=1, kind="effect")
    assert ": no-dropout has too few complete seeds for a test;" in answer(effect)
    alone = only(report, verdict="no_inference", method="welch", n=1, n_baseline=3)
    assert answer(alone).endswith("no-dropout has too few scored runs for a test.")
    dead = only(report, verdict="no_inference", method="welch", n=3, n_baseline=1)
    assert answer(dead).endswith("the baseline has too few scored runs for a test of no-dropout.")


def test_the_cells_that_died_are_named_beside_effects(report: Report) -> None:
    effects = only(report, verdict="inconclusive", kind="effect")
    assert answer(effects).endswith("no-dropout is inconclusive; wild diverged in 1 of 2 runs.")
    wild = replace(report.on_primary[-1], kind="noise_floor")
    told = answer(replace(report, findings=[*effects.findings, wild]))
    assert told.count("wild diverged in 1 of 2 runs") == 1


def test_a_variant_that_stopped_at_few_seeds_is_told_beside_one_that_went_on(
    report: Report,
) -> None:
    first, second, *_ = report.on_primary
    stopped = replace(first, n=2, planned=2)
    going_on = replace(second, n=12, planned=12, verdict="inconclusive", per_seed=[])
    both = replace(report, findings=[stopped, going_on])
    assert "from two seeds only, no-dropout is worse than the baseline; same is" in answer(both)
    assert ": no-dropout is worse" in answer(replace(report, findings=[stopped]))
