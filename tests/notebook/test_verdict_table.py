from __future__ import annotations

import json
from pathlib import Path

import pandas
import pytest
from click.testing import CliRunner

import harness
from harness import HarnessError
from harness.cli import main

ROWS = [
    ("baseline", 20.1, 21.4, 19.7, 20.6),
    ("plain", 18.0, 19.5, 17.2, 18.9),
    ("a, b", 20.3, 21.2, 19.9, 20.4),
]
SCORES = pandas.DataFrame(
    [
        {"variant": name, "seed": seed, "metric": "bleu", "value": value}
        for name, *values in ROWS
        for seed, value in enumerate(values, start=1)
    ]
)


def test_verdicts_are_those_of_compare(tmp_path: Path) -> None:
    SCORES.to_csv(tmp_path / "scores.csv", index=False)
    words = ["compare", "--from-csv", str(tmp_path / "scores.csv"), "--margin", "1", "--json"]
    printed = json.loads(CliRunner().invoke(main, words).stdout)["findings"]
    judged = harness.judge(SCORES, margin=1).findings
    assert [*judged["variant"]] == ["plain", "a, b"]
    for row, finding in zip(judged.to_dict("records"), printed, strict=True):
        del finding["per_seed"]
        assert {name: None if pandas.isna(cell) else cell for name, cell in row.items()} == finding


def test_columns_and_records_are_frames_too() -> None:
    expected = harness.judge(SCORES).findings
    assert harness.judge(SCORES.to_dict("list")).findings.equals(expected)
    assert harness.judge(SCORES.to_dict("records")).findings.equals(expected)


def test_its_scores_are_what_was_judged() -> None:
    scores = harness.judge(SCORES).scores
    assert scores[[*SCORES.columns]].equals(SCORES)
    assert {*scores["outcome"]} == {"finished"}


def test_a_run_without_a_score_stays_in_the_scores() -> None:
    diverged = {"variant": "plain", "seed": 5, "outcome": "diverged"}
    judged = harness.judge(pandas.concat([SCORES, pandas.DataFrame([diverged])]))
    (last,) = judged.scores[judged.scores["seed"] == 5].to_dict("records")
    assert (last["outcome"], last["metric"]) == ("diverged", "")
    assert harness.judge(judged.scores).findings.equals(judged.findings)


def test_a_notebook_shows_the_verdicts_and_how_they_were_read() -> None:
    judged = harness.judge(SCORES)
    page = judged._repr_html_()
    assert page.count("<tr>") == 3
    assert '<td style="text-align: left">worse</td>' in page
    assert "Read as: bleu, higher is better (say --lower-is-better bleu if not)." in page
    assert "Read as: bleu" in repr(judged)
    assert "plain" in repr(judged)


def test_names_are_no_markup() -> None:
    page = harness.judge(SCORES.replace("plain", "<script>"))._repr_html_()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_a_direction_can_be_said() -> None:
    (verdict, _) = harness.judge(SCORES, lower_is_better="bleu").findings["verdict"]
    assert verdict == "better"


def test_a_forest_is_drawn_from_scores_alone() -> None:
    picture = harness.judge(SCORES).figure("forest")._repr_svg_()
    assert picture.startswith("<?xml")
    assert ">plain<" in picture


@pytest.mark.parametrize(
    ("frame", "terms", "fault"),
    [
        (SCORES.drop(columns="value"), {}, "no column named 'value'"),
        (SCORES.replace(19.5, "x"), {}, "frame, row 5: value must be a number, got 'x'"),
        (SCORES, {"baseline": "base"}, "no variant named 'base'; did you mean 'baseline'?"),
        (SCORES, {"method": "t"}, "no method named 't'"),
        (SCORES, {"margin": -1}, "margin must be a finite number above 0, got -1"),
    ],
)
def test_faults_are_one_line_each(
    frame: pandas.DataFrame, terms: dict[str, object], fault: str
) -> None:
    with pytest.raises(HarnessError) as error:
        harness.judge(frame, **terms)  # type: ignore[arg-type] # as somebody types it
    assert fault in str(error.value)
