from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from typing import Any

import pytest

from harness.analysis import RunResult
from harness.contracts import Finding, SeedValues
from harness.report.export import RunOrigin, export_findings, export_runs
from harness.report.write import as_json

FOUND = Finding(
    variant="no_dropout",
    metric="nll",
    split="test",
    role="primary",
    n=3,
    baseline_mean=2.123456789012345,
    variant_mean=2.0,
    difference=-0.123456789012345,
    interval_low=-0.2,
    interval_high=-0.046,
    p=0.01,
    p_adjusted=0.0002,
    p_sign_flip=0.25,
    p_floor=0.25,
    family=2,
    higher_is_better=False,
    verdict="better",
    reason="3 of 3 seeds lower, 100% & more",
    per_seed=(SeedValues(1, 2.1, 2.0),),
)
MISSING = replace(
    FOUND,
    variant="gone",
    verdict="no_inference",
    n=0,
    baseline_mean=None,
    variant_mean=None,
    difference=None,
    interval_low=None,
    interval_high=None,
    p=None,
    p_adjusted=None,
)
RESULTS = [
    RunResult(variant="baseline", seed=1, outcome="finished", scores={"nll": 2.5, "bleu": 31.25}),
    RunResult(variant="fast", seed=1, outcome="diverged"),
]
ORIGINS = {
    ("baseline", 1): RunOrigin("aa", "2.13.0", "0123"),
    ("fast", 1): RunOrigin("bb", "2.12.0", "4567"),
}
HEADER = (
    r"metric & variant & verdict & n & baseline & variant mean"
    r" & difference (95\% interval) & p (Holm)"
)
FIRST = (
    r"nll & no\_dropout & better & 3 & 2.123 & 2.000 & $-$0.123 ($-$0.200 to $-$0.046) & $<$ .001"
)


def read(text: str) -> list[dict[str, Any]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_csv_has_the_fields_of_findings_json_to_the_last_digit() -> None:
    rows = read(export_findings([FOUND, MISSING], form="csv"))
    for row, known in zip(rows, json.loads(as_json([FOUND, MISSING])), strict=True):
        del known["per_seed"]
        assert list(row) == list(known)
        assert row == {name: "" if value is None else str(value) for name, value in known.items()}
    assert float(rows[0]["difference"]) == FOUND.difference


def test_latex_is_a_tabular_of_booktabs_with_everything_escaped() -> None:
    lines = export_findings([FOUND, MISSING], form="latex").splitlines()
    assert lines == [
        r"\begin{tabular}{lllrrrrr}",
        r"\toprule",
        f"{HEADER} \\\\",
        r"\midrule",
        f"{FIRST} \\\\",
        r"nll & gone & no inference & 0 & n/a & n/a & n/a & n/a \\",
        r"\bottomrule",
        r"\end{tabular}",
    ]


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("a-1_b", r"a-1\_b"),
        ("50%&$#{}", r"50\%\&\$\#\{\}"),
        ("x\\y~^", r"x\textbackslash{}y\textasciitilde{}\textasciicircum{}"),
    ],
)
def test_a_name_stays_itself_in_latex(name: str, written: str) -> None:
    lines = export_findings([replace(FOUND, variant=name)], form="latex").splitlines()
    assert lines[4].startswith(f"nll & {written} & better")


def test_markdown_is_a_table() -> None:
    lines = export_findings([FOUND], form="markdown").splitlines()
    assert len(lines) == 3
    cells = [cell.strip() for cell in lines[2].strip("|").split("|")]
    assert cells == [
        "nll",
        "no_dropout",
        "better",
        "3",
        "2.123",
        "2.000",
        "-0.123 (-0.200 to -0.046)",
        "< .001",
    ]


def test_runs_have_a_row_a_score_and_those_without_scores_one() -> None:
    text = export_runs(RESULTS, origins=ORIGINS, form="csv")
    assert text.splitlines() == [
        "run,variant,seed,outcome,metric,value,torch,code",
        "aa,baseline,1,finished,nll,2.5,2.13.0,0123",
        "aa,baseline,1,finished,bleu,31.25,2.13.0,0123",
        "bb,fast,1,diverged,,,2.12.0,4567",
    ]
    assert "bb & fast & 1 & diverged & n/a & n/a & 2.12.0 & 4567" in export_runs(
        RESULTS, origins=ORIGINS, form="latex"
    )
