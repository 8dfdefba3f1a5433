from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from html import escape
from pathlib import Path

import pytest

from harness.analysis import RunResult, compare
from harness.report import Report
from harness.report.html import as_html
from harness.report.picture import picture
from harness.study.values import Comparison

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
TALLEST, PHONE = 8000, 390  # pixels


def share(place: str) -> float:
    assert place.endswith("%")
    return float(place[:-1]) / 100


def of_scores(report: Report, scores: dict[str, list[float]]) -> Report:
    """A report of these BLEU scores, by seed."""
    seeds = range(1, 1 + max(map(len, scores.values())))
    results = [
        RunResult(variant=name, seed=seed, outcome="finished", scores={"bleu": score})
        for name, values in scores.items()
        for seed, score in zip(seeds, values, strict=False)
    ]
    findings = compare(
        results,
        variants=tuple(scores),
        seeds=seeds,
        metrics=[report.primary],
        comparison=Comparison(primary="bleu"),
    )
    return replace(
        report, variants=tuple(scores), seeds=seeds, results=results, findings=findings, changes={}
    )


def test_rows_run_from_the_largest_gain_to_the_largest_loss(report: Report) -> None:
    # Means 30 (baseline), 24.97, 30, 30.2, and none.
    rows = [row.name for row in picture(report).rows]
    assert rows == ["odd", "same", "no-dropout", "wild"]
    lower = replace(report, primary=replace(report.primary, higher_is_better=False))
    assert [row.name for row in picture(lower).rows] == ["no-dropout", "same", "odd", "wild"]


def test_equal_gains_keep_the_study_s_order(report: Report) -> None:
    scores = {"baseline": [30.0, 31.0], "b": [30.0, 31.0], "a": [30.0, 31.0]}
    assert [row.name for row in picture(of_scores(report, scores)).rows] == ["b", "a"]


def test_kinds_of_comparison_stay_together(report: Report) -> None:
    first, *others = report.on_primary
    floor = replace(first, kind="noise_floor", difference=99.0)
    rows = picture(replace(report, findings=[*others, floor])).rows
    assert [row.name for row in rows] == ["odd", "same", "wild", "no-dropout"]


def test_places_on_the_axis_are_in_proportion_to_differences(report: Report) -> None:
    drawn = picture(report)
    at = {tick.text: share(tick.place) for tick in drawn.ticks}
    assert share(drawn.zero) == at["0"]
    unit = (at["0"] - at["-4"]) / 4
    (row,) = (row for row in drawn.rows if row.name == "no-dropout")
    assert row.line
    # The differences are -4.9, -5 and -5.2: mean -5.0333, t interval -5.41 to -4.65.
    assert share(row.place) == pytest.approx(at["0"] - 5.0333 * unit, abs=1e-4)
    assert share(row.line.start) == pytest.approx(at["0"] - 5.4128 * unit, abs=1e-3)
    assert share(row.line.end) == pytest.approx(at["0"] - 4.6539 * unit, abs=1e-3)
    assert [dot.text for dot in row.dots] == [
        *("no-dropout, seed 1: -4.90", "no-dropout, seed 2: -5.00", "no-dropout, seed 3: -5.20")
    ]
    assert [share(dot.place) for dot in row.dots] == pytest.approx(
        [at["0"] + difference * unit for difference in (-4.9, -5.0, -5.2)], abs=2e-4
    )


def test_the_side_of_better_scores_is_named(report: Report) -> None:
    for higher, sides in (
        *((True, ("worse", "better")), (False, ("better", "worse"))),
        (None, ("lower", "higher")),
    ):
        primary = replace(report.primary, higher_is_better=higher)
        assert picture(replace(report, primary=primary)).sides == sides


def test_one_interval_that_dwarfs_the_others_is_cut_and_marked(report: Report) -> None:
    scores = {"baseline": [30.0, 30.1, 30.2, 30.3]}
    scores |= {f"calm-{n}": [29.0 - n, 29.3 - n, 29.2 - n, 29.1 - n] for n in range(4)}
    wide = of_scores(report, scores | {"wide": [0.0, 60.0]})
    cut = {row.name: list(row.cut) for row in picture(wide).rows}
    assert cut == {**{f"calm-{n}": [] for n in range(4)}, "wide": ["start", "end"]}
    (row,) = (row for row in picture(wide).rows if row.name == "wide")
    assert row.line == ("0.00%", "100.00%", "100.00%")
    # Alone it has all the room.
    alone = of_scores(report, {"baseline": [30.0, 30.1], "wide": [0.0, 60.0]})
    assert picture(alone).rows[0].cut == []


def test_the_margin_is_a_band_around_zero(report: Report) -> None:
    findings = [replace(finding, margin=2.0) for finding in report.findings]
    drawn = picture(replace(report, findings=findings))
    at = {tick.text: share(tick.place) for tick in drawn.ticks}
    for row in drawn.rows:
        assert row.margin
        assert share(row.margin.start) == pytest.approx(at["-2"], abs=1e-4)
        assert share(row.margin.end) == pytest.approx(at["+2"], abs=1e-4)


def test_what_was_lost_is_beside_the_name(report: Report) -> None:
    notes = {row.name: row.note for row in picture(report).rows}
    assert notes["wild"] == "0 of 3 pairs; 1 of 2 diverged"
    assert notes["odd"] == "3 pairs"
    complete = replace(report, findings=report.on_primary[:3])
    assert {row.note for row in picture(complete).rows} == {""}


def test_a_study_of_one_seed_and_one_without_scores_have_pictures(report: Report) -> None:
    one = picture(of_scores(report, {"baseline": [30.0], "up": [31.0], "down": [29.0]}))
    assert [row.name for row in one.rows] == ["up", "down"]
    assert [row.line for row in one.rows] == [None, None]
    assert share(one.rows[1].place) < share(one.zero) < share(one.rows[0].place)
    nothing = picture(of_scores(report, {"baseline": [], "up": [31.0]}))
    assert [(row.place, row.line, row.dots) for row in nothing.rows] == [("", None, [])]
    assert nothing.zero == "50.00%"


@pytest.mark.parametrize("size", [1e-300, 1e-9, 1.0, 1e9, 1e100])
def test_scores_of_any_size_have_places_and_ticks(report: Report, size: float) -> None:
    scores = {"baseline": [size, 2 * size], "up": [3 * size, 3.5 * size]}
    drawn = picture(of_scores(report, scores))
    assert 0 < share(drawn.zero) < share(drawn.rows[0].place) < 1
    assert 2 <= len(drawn.ticks) <= 8
    assert "0" in [tick.text for tick in drawn.ticks]


def test_a_verdict_is_a_word_a_color_and_a_mark(report: Report) -> None:
    text = as_html(report, drawings=[])
    for verdict in ("worse", "identical", "inconclusive", "no_inference"):
        assert f'<span class="verdict {verdict}">{verdict.replace("_", " ")}</span>' in text
        assert f'id="mark-{verdict}"' in text
        assert re.search(rf"\.{verdict} {{ color: [^}}]+}} \.{verdict}::before {{ content:", text)
    shapes = re.findall(r'<path id="mark-(\w+)"[^>]* d="([^"]+)"', text)
    up, down = (dict(shapes)[name] for name in ("better", "worse"))
    assert (dict(shapes)["higher"], dict(shapes)["lower"]) == (up, down)
    # A metric with a direction has no higher and lower, so that no two marks are the same.
    assert len({shape for _, shape in shapes}) == len(shapes) - 2


def test_many_variants_are_counted_above_the_picture_and_named_in_it(report: Report) -> None:
    scores = {"baseline": [30.0, 31.0, 29.0]}
    scores |= {f"v{n}": [30.0 + n % 2, 30.5, 30.0] for n in range(19)}
    many = of_scores(report, scores)
    text = as_html(many, drawings=[])
    lead = re.search('<p class="answer">(.*?)</p>', text)
    assert lead
    assert (
        lead[1] == "By bleu on the test split, over three seeds only: 19 variants are inconclusive."
    )
    assert all(f'<th scope="row">v{n}</th>' in text for n in range(19))


def test_a_long_name_is_cut_in_its_middle_and_whole_on_hover(report: Report) -> None:
    names = [f"schedule-with-a-long-name-{'x' * 60}-warmup-{n}" for n in (100, 200)]
    scores = {name: [30.0, 31.0, 29.0] for name in names}
    text = as_html(of_scores(report, {"baseline": [30.0, 31.5, 29.0], **scores}), drawings=[])
    for name in names:
        assert f'title="{name}" aria-label="{name}"' in text
    cut = re.findall(r'<th scope="row" title="[^"]*" aria-label="[^"]*">([^<]*)<', text)
    assert [len(name) for name in cut] == [48, 48]
    assert [name[-3:] for name in cut] == ["100", "200"]


def test_nineteen_variants_fit_a_phone(report: Report, tmp_path: Path) -> None:
    if CHROMIUM is None:
        pytest.skip("chromium is not installed, so the page cannot be measured")
    # Learning curves, slopes and costs of as many add some 2,000 pixels.
    names = [f"a-variant-with-some-name-{n}" for n in range(19)]
    scores = {name: [30.0 + n, 31.0, 29.0] for n, name in enumerate(names)}
    many = of_scores(report, {"baseline": [30.0, 31.0, 29.5], **scores})
    changed = dict.fromkeys(names, report.changes["odd"])
    page = as_html(replace(many, changes=changed), drawings=[])
    frame = tmp_path / "frame.html"
    frame.write_text(
        f'<!DOCTYPE html><iframe id="page" width="{PHONE}" srcdoc="{escape(page)}"></iframe>'
        "<script>onload = () => { const page = document.getElementById('page').contentDocument;"
        " document.title = page.documentElement.scrollHeight + ' '"
        " + page.documentElement.scrollWidth }</script>",
        encoding="utf-8",
    )
    options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
    options += ["--disable-dev-shm-usage"]
    command = [CHROMIUM, *options, f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom"]
    told = subprocess.run(
        [*command, frame.as_uri()], capture_output=True, text=True, check=True, timeout=100
    ).stdout
    size = re.search(r"<title>(\d+) (\d+)</title>", told)
    assert size, told[:500]
    assert 2000 < int(size[1]) <= TALLEST - 2000
    assert int(size[2]) == PHONE
