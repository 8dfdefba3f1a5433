"""A replication is a challenge of one's own study, and can be pooled with it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from harness.cli import main


def harness(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def primary(folder: Path) -> dict[str, Any]:
    findings = json.loads((folder / "findings.json").read_text())
    return next(finding for finding in findings if finding["role"] == "primary")


def test_a_study_is_replicated_and_pooled(study: Path, tmp_path: Path) -> None:
    out, into = study.parent / "results", tmp_path / "again"
    done = harness("replicate", study, "--out", out, "--into", into, "--jobs", 1)
    harness("report", study, "--out", out)
    then, now = (primary(place / "adapting") for place in (out, into / "results"))
    assert [pair["seed"] for pair in now["per_seed"]] == [3, 4]
    assert then["verdict"] == "inconclusive"  # of two seeds
    same = then["verdict"] == now["verdict"]
    fate = "undecided again" if same else "undecided before"
    last = done.stdout.splitlines()[-1]
    assert last.startswith(f"no-dropout: {fate}: {then['verdict']}, now {now['verdict']} (")
    assert last.endswith("that were to be expected (95%)")
    assert done.exit_code == (not same)

    pooled = harness("pool", study, into / "results" / "adapting", "--out", out, "--json")
    assert pooled.exit_code == 0, pooled.output
    (told,) = json.loads(pooled.stdout)["findings"]
    differences = [finding["difference"] for finding in (then, now)]
    assert told["mean"] == pytest.approx(sum(differences) / 2)
    twice = harness("pool", study, out / "adapting", "--out", out)
    assert twice.exit_code == 2
    assert "has a run of" in twice.output
