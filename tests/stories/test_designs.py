"""Studies of other designs, trained from their files to their reports."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from support.tiny_study import Harness

COPY = """
question: What does it take to copy?
baseline:
  dataset: {copy: {train: 40, validation: 10, test: 10}}
  tokenizer: word
  model: {d_model: 8, d_ff: 16, heads: 2, layers: 1}
  initializer: xavier_uniform
  regularizers: {dropout: 0.1}
  loss: cross_entropy
  optimizer: adam
  schedule: {constant: {learning_rate: 1.0e-3}}
  decoding_policy: teacher_forcing
  generation: {greedy: {extra: 1}}
  budget: {updates: 3, batch_tokens: 100, evaluate_every: 3}
trackers: []
"""


def run(folder: Path, harness: Harness, rest: str) -> tuple[list[dict[str, object]], str]:
    """The findings of a study with these variants, and its report."""
    (folder / "copying.yaml").write_text(COPY + rest)
    done = harness("run", "copying.yaml")
    assert done.returncode == 0, done.stderr
    results = folder / "results" / "copying"
    report = (results / "report.md").read_text()
    return json.loads((results / "findings.json").read_text()), report


def test_factors_give_effects_and_a_figure_of_them(tmp_path: Path, harness: Harness) -> None:
    findings, report = run(
        tmp_path,
        harness,
        "factors:\n"
        "  dropout: {none: {regularizers: {dropout: off}}}\n"
        "  rate: {high: {schedule: {constant: {learning_rate: 1.0e-2}}}}\n"
        "seeds: 2\nfigures: [interactions]\n",
    )
    primary = [finding for finding in findings if finding["role"] == "primary"]
    assert [finding["variant"] for finding in primary] == [
        *("dropout=none overall", "rate=high overall", "dropout=none x rate=high")
    ]
    assert {finding["kind"] for finding in findings} == {"effect"}
    assert "Full factorial, 2 x 2: dropout (baseline, none) and rate (baseline, high)." in report
    assert "corrected by Holm's method over the 3 effects." in report
    assert (tmp_path / "results/copying/figures/interactions.svg").is_file()


def test_a_sweep_trains_the_baseline_s_value_once_and_draws_a_trend(
    tmp_path: Path, harness: Harness
) -> None:
    findings, report = run(
        tmp_path,
        harness,
        "grid: {schedule.constant.learning_rate: [1.0e-4, 1.0e-3, 1.0e-2]}\n"
        "variants: {again: {replicate: 1}}\n"
        "seeds: 2\nfigures: [trend, p_values]\ncompare: {against: each}\n",
    )
    runs = tmp_path / "results" / "runs"
    assert len([*runs.iterdir()]) == 2 * 4
    primary = [finding for finding in findings if finding["role"] == "primary"]
    assert [(finding["variant"], finding["against"], finding["kind"]) for finding in primary] == [
        ("learning_rate=1.0e-4", "baseline", "pair"),
        ("learning_rate=1.0e-2", "baseline", "pair"),
        ("learning_rate=1.0e-2", "learning_rate=1.0e-4", "pair"),
        ("again", "baseline", "noise_floor"),
    ]
    assert "learning_rate=1.0e-2 against learning_rate=1.0e-4" in report
    assert "again differs from the baseline by chance only (A/A)" in report
    assert "corrected by Holm's method over the 3 comparisons." in report
    drawn = sorted(path.name for path in (tmp_path / "results/copying/figures").glob("*.svg"))
    assert drawn == ["p_values.svg", "trend.svg"]


# What is evaluated at other updates trains to the same bits, and so is decided at the first look.
STOPPING = """
variants:
  same: {budget: {evaluate_every: 1}}
  other: {regularizers: {dropout: 0.11}}
seeds: {least: 2, most: 4, until: decided, step: 1}
figures: []
"""


def test_seeds_stop_themselves_once_a_variant_is_decided(tmp_path: Path, harness: Harness) -> None:
    first, report = run(tmp_path, harness, STOPPING)
    same, other = (finding for finding in first if finding["role"] == "primary")
    assert (same["verdict"], same["n"], same["looks"]) == ("identical", 2, 3)
    assert (other["verdict"], other["n"], other["looks"]) == ("inconclusive", 4, 3)
    assert "3 of 3 planned looks were taken (planned after 2, 3 and 4 seeds)" in report
    runs = tmp_path / "results" / "runs"
    assert len([*runs.iterdir()]) == 4 + 2 + 4

    # What was interrupted goes on to the same end, and counts no look twice.
    plan = json.loads(harness("plan", "copying.yaml", "--json").stdout)["runs"]
    assert all(planned["exists"] for planned in plan)
    for planned in plan:
        if planned["seed"] > 2:
            shutil.rmtree(runs / planned["digest"])
    left = json.loads(harness("plan", "copying.yaml", "--json").stdout)["runs"]
    assert [(planned["variant"], planned["seed"]) for planned in left if not planned["exists"]] == [
        *(("baseline", 3), ("other", 3))
    ]
    again, _ = run(tmp_path, harness, STOPPING)
    assert again == first


def test_every_variant_is_tuned_equally_before_any_test(tmp_path: Path, harness: Harness) -> None:
    (tmp_path / "copying.yaml").write_text(COPY + TUNED)
    planned = json.loads(harness("plan", "copying.yaml", "--json").stdout)
    plan, cost = planned["runs"], planned["tuning"]
    assert len(plan) == 2 * 2 * 2
    assert {run["seed"] for run in plan} == {1_000_001, 1_000_002}
    assert "2 variants x 2 values x 1 trial x 2 seeds = 8 trials, then 4 runs" in cost
    findings, report = run(tmp_path, harness, TUNED)
    primary = [finding for finding in findings if finding["role"] == "primary"]
    assert [finding["variant"] for finding in primary] == ["no-dropout"]
    # A rate next to nothing loses to one that learns.
    rows = [" ".join(line.split()) for line in report.splitlines()]
    assert any(row.startswith("| baseline | 0.01 (seeds 1, 2) |") for row in rows)
    assert any(row.startswith("| no-dropout | 0.01 (seeds 1, 2) |") for row in rows)
    assert "each variant was trained with the same 2 values of schedule.constant.lea" in report
    assert "beyond which a better value may lie: baseline in 2 of 2 seeds; no-dropout" in report
    runs = tmp_path / "results" / "runs"
    assert len([*runs.iterdir()]) == 2 * 2 * 2 + 2 * 2
    decoded = [path for path in runs.iterdir() if [*path.glob("evaluations/*/outcome.json")]]
    assert len(decoded) == 2 * 2  # no trial was ever tested
    # The study's own rate was never trained: what is looked into is the run with the chosen one.
    looked = harness("generate", "copying.yaml", "--seed", "2", "a b")
    assert looked.returncode == 0, looked.stderr
    # Of a trial that was lost, only that is trained; the plan has the runs that wait for it, too.
    shutil.rmtree(runs / plan[-1]["digest"])
    (tmp_path / "results/copying/plan.json").unlink()
    again = harness("run", "copying.yaml")
    assert again.returncode == 0
    assert "[1/1]" in again.stderr
    stored = json.loads((tmp_path / "results/copying/plan.json").read_text())["runs"]
    assert ["no-dropout", 2] in [row[:2] for row in stored]


TUNED = """
variants: {no-dropout: {regularizers: {dropout: off}}}
tune: {grid: {schedule.constant.learning_rate: [1.0e-7, 1.0e-2]}}
seeds: 2
figures: []
"""
