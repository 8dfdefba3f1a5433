"""Choices that cannot help are warned of, each at its place; those that can are not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from support.tiny_study import TINY

from harness import pipeline
from harness.cli import main

NOAM = "{noam: {warmup: 10}}"
MODEL = "{d_model: 16, d_ff: 32, heads: 2, layers: 1}"
BUDGET = "{updates: 12, batch_tokens: 200, evaluate_every: 4}"
DROPOUT = "no-dropout: {regularizers: {dropout: off}}"
PRIMARY = "compare: {primary: nll}\n"


def warned(folder: Path, *changes: tuple[str, str]) -> list[str]:
    """The warnings of the tiny study with these changes, without the name of the file."""
    text = TINY
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = folder / "tiny.yaml"
    path.write_text(text)
    found = pipeline.validate(path)
    assert {fault.severity for fault in found} <= {"warning"}, found
    return [str(fault).removeprefix(f"{path}:") for fault in found]


@pytest.mark.parametrize(
    ("old", "new", "warning"),
    [
        (NOAM, "noam", "11:13: baseline: the warmup of noam, 4000 updates, outlasts the budget of"),
        (NOAM, "{noam: {warmup: 13}}", "11:13: baseline: the warmup of noam, 13 updates, outlasts"),
        (BUDGET, "{updates: 12, batch_tokens: 9, evaluate_every: 13}", "14:58: baseline: evaluate"),
        (
            BUDGET,
            BUDGET.replace("}", ", accumulation: 5, parallel: {data: 2}}"),
            "14:90: baseline: parallel: {data: 2} does not divide accumulation 5: 1 of 2 processes",
        ),
        (
            DROPOUT,
            "three: {budget: {accumulation: 4, parallel: {data: 3}}}",
            "16:47: three: parallel: {data: 3} does not divide accumulation 4: 2 of 3 processes",
        ),
        (
            MODEL,
            "{d_model: 16, heads: 2, layers: 1}",
            "6:10: baseline: d_ff is not set: its default",
        ),
        (DROPOUT, "late: {averaging: {swa: {every: 50}}}", "16:21: late: averaging swa: nothing"),
        (DROPOUT, "late: {averaging: {ema: 0.9999}}", "16:21: late: averaging ema with a decay"),
        (DROPOUT, "short: {budget: {updates: 9}}", "16:29: short: the warmup of noam, 10 updates,"),
        (PRIMARY, "", "18:10: verdicts are on nll, the default, and bleu only shown beside it;"),
    ],
)
def test_a_choice_that_cannot_help_is_warned_of_at_its_place(
    tmp_path: Path, old: str, new: str, warning: str
) -> None:
    (line,) = warned(tmp_path, (old, new))
    assert line.startswith(warning)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (NOAM, "{noam: {warmup: 12}}"),  # its peak is at the last update
        (BUDGET, "{updates: 12, batch_tokens: 200, evaluate_every: 12}"),
        (BUDGET, "{updates: 0, batch_tokens: 200, evaluate_every: 4}"),  # not trained
        (MODEL, "{d_model: 16, d_ff: 2048, heads: 2, layers: 1}"),  # somebody chose it
        (MODEL, "{d_model: 258, heads: 2, layers: 1}"),
        (DROPOUT, "late: {averaging: {swa: {every: 3}}}"),
        (PRIMARY, "compare: {primary: bleu}\n"),
        ("metrics: [bleu]\n" + "figures: []\n" + PRIMARY, "figures: []\n"),
    ],
)
def test_a_choice_that_can_help_is_not_warned_of(tmp_path: Path, old: str, new: str) -> None:
    assert warned(tmp_path, (old, new)) == []


def test_what_variants_inherit_is_warned_of_once(tmp_path: Path) -> None:
    variants = f"{DROPOUT}\n  plain: {{loss: cross_entropy}}"
    assert len(warned(tmp_path, (NOAM, "noam"), (DROPOUT, variants))) == 1


def test_warnings_leave_the_status_alone_and_are_told_from_faults(tmp_path: Path) -> None:
    path = tmp_path / "tiny.yaml"
    path.write_text(TINY.replace(NOAM, "noam"))
    done = CliRunner().invoke(main, ["validate", str(path)])
    assert (done.exit_code, done.stdout) == (0, f"{path}: no faults\n")
    assert done.stderr.startswith(f"warning: {path}:11:13: baseline: the warmup of noam")
    done = CliRunner().invoke(main, ["validate", str(path), "--json"])
    (told,) = json.loads(done.stdout)["faults"]
    assert (done.exit_code, done.stderr, told["severity"]) == (0, "", "warning")
    assert told["place"] == f"{path}:11:13"
    path.write_text(TINY.replace(NOAM, "noamm"))
    done = CliRunner().invoke(main, ["validate", str(path), "--json"])
    assert (done.exit_code, json.loads(done.stdout)["faults"][0]["severity"]) == (2, "fault")


def test_a_plan_tells_the_same(tmp_path: Path) -> None:
    path = tmp_path / "tiny.yaml"
    path.write_text(TINY.replace(NOAM, "noam"))
    words = ["plan", str(path), "--out", str(tmp_path / "results"), "--json"]
    plan = json.loads(CliRunner().invoke(main, words).stdout)
    assert [line for line in plan["warnings"] if "the warmup of noam" in line] == [
        str(fault) for fault in pipeline.validate(path)
    ]
