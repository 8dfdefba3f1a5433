"""A report on the screen: rows, the answer, what is said once below, and the same as JSON."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from harness.cli import main
from harness.report import Report
from harness.report.answer_text import answer
from harness.report.terminal import Summary
from harness.report.write import as_json

SCORES = "variant,seed,metric,value\n" + "".join(
    f"{name},{seed},bleu,{base + seed % 3}\n"
    for name, base in (("baseline", 30), ("other", 24.5))
    for seed in range(1, 9)
).replace("other,1,bleu,25.5", "other,1,bleu,26.5")


def test_the_answer_is_all_there(report: Report) -> None:
    changed = replace(report, deviations=["The margin was set after results were seen."])
    lines = Summary(changed, failed=()).text
    assert " ".join(lines.split()).count(" ".join(answer(changed).split())) == 1


def test_lost_runs_and_reasons_that_no_test_gives_stand_below_once(report: Report) -> None:
    text = Summary(report, failed=()).text
    assert "Runs without a score: wild 1 diverged, 1 failed, 1 not run." in text
    assert text.count("The sign-flip test") == 1


def test_json_has_the_findings_of_the_file_and_the_answer(report: Report) -> None:
    told = json.loads(Summary(report, failed=["x"], path=Path("r.html")).json)
    assert told.pop("findings") == json.loads(as_json(report.findings))
    assert told == {
        "study": "ablation",
        "question": report.question,
        "metric": "bleu",
        "split": "test",
        "higher_is_better": True,
        "seeds": [1, 2, 3],
        "answer": answer(report),
        "failed": ["x"],
        "remaining": [],
        "report": "r.html",
    }


@pytest.mark.parametrize("columns", [80, 120])
def test_a_comparison_is_tables_on_a_screen_and_markdown_if_asked(columns: int) -> None:
    terminal = {"FORCE_COLOR": "1", "COLUMNS": str(columns), "TERM": "xterm-256color"}
    words = ["compare", "--from-csv", "-"]
    done = CliRunner(env=terminal).invoke(main, words, input=SCORES)
    assert done.exit_code == 0, done.output
    assert "\x1b[1;31mworse\x1b[0m" in done.stdout
    assert "●" in done.stdout  # with a short name, there is room
    assert max(map(len, re.sub("\x1b[^m]*m", "", done.stdout).split("\n"))) <= columns
    assert "| " not in done.stdout
    piped = CliRunner().invoke(main, words, input=SCORES).stdout
    assert "\x1b" not in piped
    assert "\nvariant  detectable" in piped
    markdown = CliRunner().invoke(main, [*words, "--markdown"], input=SCORES).stdout
    assert "| variant | verdict |" in markdown
