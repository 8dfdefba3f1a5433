"""Findings as rows of a screen: aligned, whole words, and an interval where there is room."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace

import pytest
from rich.cells import cell_len

from harness.analysis import RunResult, ScoredMetric, compare
from harness.contracts import Finding
from harness.report import Report
from harness.report.screen import Screen, finding_lines, paragraph, table_lines
from harness.report.tables import Table
from harness.report.terminal import Summary
from harness.study.values import Comparison

BLEU = ScoredMetric(name="bleu", higher_is_better=True, of_text=True)
NAMES = ("no-dropout", "cross-entropy", *(f"variant-{number}" for number in range(17)))


def finding(**changed: object) -> Finding:
    """A finding with round numbers."""
    values: dict[str, object] = {
        "variant": "no-dropout",
        "metric": "bleu",
        "split": "test",
        "role": "primary",
        "n": 5,
        "n_baseline": 5,
        "planned": 5,
        "baseline_mean": 38.32,
        "variant_mean": 22.0,
        "difference": -16.32,
        "interval_low": -19.02,
        "interval_high": -13.61,
        "p": 0.0001,
        "p_adjusted": 0.0004,
        "p_sign_flip": 0.0625,
        "p_floor": 0.0625,
        "higher_is_better": True,
        "verdict": "worse",
        "reason": "5 of 5 seeds lower",
        "per_seed": (),
    }
    return Finding(**{**values, **changed})  # type: ignore[arg-type] # whatever a test asks for


def rows(*findings: Finding, width: int | None = None, draws: bool = False) -> list[str]:
    return [line.plain for line in finding_lines(findings, screen=Screen(width, draws))]


def many(report: Report) -> Report:
    """A report on 19 variants, as five seeds may give it."""
    chance = random.Random(1)
    scores = {name: 30 - place / 2 for place, name in enumerate(["baseline", *NAMES])}
    results = [
        RunResult(
            variant=name,
            seed=seed,
            outcome="finished",
            scores={"bleu": score + chance.gauss(0, 0.5)},
            output_digest=f"{name} {seed}",
        )
        for (name, score), seed in itertools.product(scores.items(), range(1, 6))
    ]
    findings = compare(
        results,
        variants=tuple(scores),
        seeds=range(1, 6),
        metrics=[BLEU],
        comparison=Comparison(primary="bleu"),
    )
    seeds = (1, 2, 3, 4, 5)
    return replace(
        report, variants=tuple(scores), seeds=seeds, results=results, findings=findings, samples=[]
    )


def test_a_row_has_the_verdict_and_its_numbers() -> None:
    (row,) = rows(finding())
    assert row == "no-dropout  worse  38.3 -> 22.0  -16.3 [-19.0, -13.6]  p < .001"


def test_columns_are_aligned_whatever_stands_in_them() -> None:
    other = finding(
        variant="模型",  # two columns a letter
        verdict="inconclusive",
        variant_mean=39.6,
        difference=1.33,
        interval_low=-0.03,
        interval_high=2.7,
        p_adjusted=0.053,
    )
    assert rows(finding(), other) == [
        "no-dropout  worse         38.3 -> 22.0  -16.3 [-19.0, -13.6]  p < .001",
        "模型        inconclusive  38.3 -> 39.6   +1.3 [  0.0,  +2.7]  p = .053",
    ]


def test_decimals_are_as_many_in_every_row_unless_one_needs_two_more() -> None:
    finer = finding(difference=-1.5, interval_low=-1.62, interval_high=-1.38)
    plain = [row.split("[")[1] for row in rows(finding(), finer)]
    assert plain == ["-19.02, -13.61]  p < .001", " -1.62,  -1.38]  p < .001"]
    narrow = [row.split("[")[1] for row in rows(finding(), finer, width=66)]
    assert narrow == ["-19.0, -13.6]  p < .001", " -1.6,  -1.4]  p < .001"]
    finest = finding(difference=-0.015, interval_low=-0.016, interval_high=-0.014)
    assert rows(finding(), finest)[1].endswith("[-0.0160, -0.0140]  p < .001")


def test_what_does_not_exist_leaves_its_place_empty() -> None:
    one = finding(
        verdict="no_inference",
        n=1,
        n_baseline=1,
        interval_low=None,
        interval_high=None,
        p=None,
        p_adjusted=None,
    )
    assert rows(one) == ["no-dropout  no inference  38.32 -> 22.00  1/5  -16.32"]


def test_an_interval_is_drawn_on_one_scale_with_its_mark_at_no_difference() -> None:
    narrow = finding(difference=-4.0, interval_low=-6.0, interval_high=-2.0)
    across = finding(difference=1.0, interval_low=-2.0, interval_high=4.0)
    left = len(rows(narrow, across)[0].partition("  p")[0]) + 2
    wide = rows(narrow, across, width=left + 11 + 10, draws=True)
    drawn = [row[left : left + 11] for row in wide]  # a column for each unit from -6 to 4
    assert drawn == ["├─●─┤ ┊    ", "    ├─┼●──┤"]
    assert all(row[left + 11 :] == "  p < .001" for row in wide)


@pytest.mark.parametrize("screen", [Screen(75, draws=True), Screen(120), Screen()])
def test_nothing_is_drawn_without_room_or_the_characters_for_it(screen: Screen) -> None:
    lines = "".join(line.plain for line in finding_lines([finding()], screen=screen))
    assert not {*"├─●┤┊┼"} & {*lines}


def test_a_row_too_long_for_the_screen_begins_below_its_name() -> None:
    name = "a-variant-with-a-rather-long-name"
    long = rows(finding(variant=name), width=80)
    assert long == [name, "  worse  38.3 -> 22.0  -16.3 [-19.0, -13.6]  p < .001"]


def test_words_are_never_broken() -> None:
    text = "one two nll_at_equal_seconds three 模型 four"
    lines = [line.plain for line in paragraph(text, screen=Screen(12), indent="  ")]
    assert lines == ["  one two", "  nll_at_equal_seconds", "  three 模型", "  four"]
    assert [line.plain for line in paragraph(text, screen=Screen())] == [text]


def test_a_table_too_wide_continues_below_with_its_first_column() -> None:
    table = Table(["variant", "effect size", "p"], [["a", "+1.25", ".5"]], right=1)
    lines = [line.plain for line in table_lines(table, screen=Screen(22))]
    assert lines == [
        "variant  effect size",
        "a              +1.25",
        "",
        "variant   p",
        "a        .5",
    ]
    assert len([*table_lines(table, screen=Screen())]) == 2


def test_a_part_of_a_table_repeats_all_that_tells_its_rows_apart() -> None:
    rows_ = [["chrf", "a", "worse", "55.9"], ["chrf", "b", "better", "40.9"]]
    table = Table(["metric", "variant", "verdict", "mean"], rows_, right=3)
    lines = [line.plain for line in table_lines(table, screen=Screen(24))]
    assert lines == [
        "metric  variant  verdict",
        "chrf    a        worse",
        "chrf    b        better",
        "",
        "metric  variant  mean",
        "chrf    a        55.9",
        "chrf    b        40.9",
    ]


def test_what_tells_rows_apart_has_a_line_of_its_own_if_it_leaves_no_room() -> None:
    long = "one-run against another"
    narrow = Table(["variant", "p"], [[long, ".5"], [f"{long}s", ".25"]], right=1)
    assert [line.plain for line in table_lines(narrow, screen=Screen(26))] == [
        "variant",
        "    p",
        long,
        "   .5",
        f"{long}s",
        "  .25",
    ]


def test_a_cell_of_text_too_wide_for_the_screen_is_folded_by_whole_words() -> None:
    table = Table(["variant", "option"], [["a", "{linear: {start: 1.0, end: 0.75}}"]], right=2)
    assert [line.plain for line in table_lines(table, screen=Screen(30))] == [
        "variant  option",
        "a        {linear: {start: 1.0,",
        "         end: 0.75}}",
    ]


def test_what_a_name_quotes_is_not_obeyed() -> None:
    assert rows(finding(variant="\x1b[31m"))[0].startswith("\\x1b[31m  worse")
    (line,) = paragraph("\x1b[31m", screen=Screen(80))
    assert line.plain == "\\x1b[31m"


@pytest.mark.parametrize("width", [80, 120])
def test_nineteen_variants_are_nineteen_rows_that_fit(report: Report, width: int) -> None:
    summary = Summary(many(report), failed=())
    lines = [line.plain for line in summary.lines(Screen(width, draws=True))]
    named = [line for line in lines if line.startswith(("variant-", "no-dropout ", "cross-"))]
    assert max(map(cell_len, lines)) <= width
    assert [line.split()[0] for line in named[:19]] == [*NAMES]
    drawn = [line for line in lines if "●" in line]
    assert len(drawn) == (19 if width == 120 else 0)
    assert sum("The sign-flip test" in line for line in lines) == 1
