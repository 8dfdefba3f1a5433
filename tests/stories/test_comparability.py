"""Side effects of variants, and what their runs share, in a finished study."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.tiny_study import Harness

from harness import pipeline
from harness.planning.preview import PowerQuestion, preview_text

VARIANTS = """  far-clip: {regularizers: {clip_norm: 1.0e+9}}
  wide: {model: {d_ff: 64}}
"""


def test_side_effects_and_sharing_are_reported_and_a_broken_promise_fails_the_study(
    study: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    text = study.read_text().replace("  no-dropout: {regularizers: {dropout: off}}\n", VARIANTS)
    equal = "{primary: nll, must_stay_equal: [updates, target_tokens]}"
    study.write_text(text.replace("{primary: nll}", equal))
    out = study.parent / "results"
    summary = pipeline.run_study(study, out=out, seeds=None, jobs=2)
    assert list(summary.failed) == []
    assert (
        "warning: far-clip changed nothing in 6 probed updates (1, 2, 6, 7, 11, 12): "
        "its regularizers.clip_norm had no effect\n"
    ) in capfd.readouterr().err

    report = (out / "tiny" / "report.md").read_text()
    effects, decoding = (
        report.partition("Side effects")[2].partition("Shared with")[0].split("tokens a second")
    )
    assert "passes a token" in decoding
    rows = {
        line.split(" | ")[0].strip("| "): " ".join(line.split())
        for line in effects.rpartition("| variant")[0].split("\n")
    }
    columns = "peak rate | rate area | parameters | trained parameters | target tokens | updates"
    measured = "decoder passes | seconds per update | seconds"
    assert f"| variant | {columns} | {measured} |" in rows["variant"]
    assert rows["wide"].startswith("| wide | = | = | 17,667 (1.14) | 17,667 (1.14) | = | = | = | ")
    assert rows["far-clip"].startswith("| far-clip | = | = | = | = | = | = | = | ")
    shared = " ".join(report.partition("Shared with the baseline")[2].split())
    both = "all initial weights and the order of batches"
    assert f"| far-clip | {both} | {both} | 2 |" in shared
    assert "| wide | 42 of 50 initial parameters and the order of batches" in shared

    # Asked again, with what is known: the spread of the results, and no probe.
    opened = pipeline.open_study(study, out=out, seeds=None)
    plan = preview_text(pipeline.plan_study(opened, question=PowerQuestion(effect=0.5)))
    assert "(1 degree of freedom)" in plan
    assert "  an effect of 0.5 needs " in plan
    assert "seconds per update" in plan

    run = next(run for run in opened.runs if (run.variant, run.seed) == ("wide", 2))
    path = opened.ledger.run(run.digest) / "outcome.json"
    outcome = json.loads(path.read_text())
    outcome["initial_weights"]["decoder_norm.weight"] = "0" * 16
    outcome["order"][0] = "1" * 16
    del outcome["sha256"]
    path.write_text(json.dumps(outcome))
    summary = pipeline.run_study(study, out=out, seeds=None, jobs=1)
    predicted = "although its options predict the baseline's"
    assert list(summary.failed) == [
        f"wide, seed 2: different initial weights in decoder_norm.weight, {predicted}",
        f"wide, seed 2: a different order of batches, {predicted}",
    ]
    assert f"failed: wide, seed 2: a different order of batches, {predicted}" in summary.text
    report = (out / "tiny" / "report.md").read_text()
    assert "- **Pairing broken:** wide, seed 2: a different order of batches" in report
    assert "43 of 50 initial parameters, not the order of batches" in report


def test_a_plan_is_printed_for_people_and_for_programs(study: Path, harness: Harness) -> None:
    asked = harness("plan", study, "--probe", "--effect", "0.5", "--sd", "0.2", "--json")
    assert asked.returncode == 0, asked.stderr
    plan = json.loads(asked.stdout)
    assert plan["variants"]["no-dropout"]["changes"][0]["option"] == "regularizers.dropout"
    assert plan["variants"]["no-dropout"]["shares"]["order"] is True
    assert plan["resolution"]["spread"]["needed"] == [4, 4]
    assert plan["estimate"]["missing"] == 4
    assert plan["estimate"]["probed"]["baseline"]["fault"] is None
    assert plan["warnings"] == []
    assert [path.name for path in (study.parent / "results").iterdir()] == ["inspections.jsonl"]
