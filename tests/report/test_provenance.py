from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

from support.tiny_experiment import experiment
from support.tiny_study import TINY

from harness.contracts import TrainingOutcome
from harness.contracts.records import Usage
from harness.files import write_json
from harness.loading import load
from harness.planning.plan import plan
from harness.report.provenance import commit, provenance
from harness.runs import records
from harness.runs.ledger import Ledger
from harness_averagings.ema import EMA


def git(folder: Path, *words: str) -> str:
    who = ["-c", "user.name=A", "-c", "user.email=a@b.c"]
    done = subprocess.run(
        ["git", "-C", str(folder), *who, *words], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_the_commit_is_git_s_and_says_whether_something_changed(tmp_path: Path) -> None:
    assert commit(tmp_path) == ""
    git(tmp_path, "init", "-q")
    (tmp_path / "study.yaml").write_text("a")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "one")
    head = git(tmp_path, "rev-parse", "HEAD")
    assert commit(tmp_path) == head[:12]
    (tmp_path / "results").mkdir()
    assert commit(tmp_path) == head[:12]
    (tmp_path / "study.yaml").write_text("b")
    assert commit(tmp_path) == f"{head[:12]}, changed"


def test_a_repository_s_settings_run_no_program(tmp_path: Path) -> None:
    folder, mark = tmp_path / "repository", tmp_path / "executed"
    folder.mkdir()
    git(folder, "init", "-q")
    (folder / "study.yaml").write_text("a")
    (folder / ".gitattributes").write_text("* filter=evil=er\n")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "one")
    head = git(folder, "rev-parse", "HEAD")
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\necho $0 >> {mark}\ncat\n")
    program.chmod(0o755)
    (tmp_path / "included").write_text(f'[filter "evil=er"]\nclean = {program}\nrequired\n')
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    for hook in ("post-index-change", "reference-transaction", "fsmonitor-watchman"):
        (hooks / hook).symlink_to(program)
    for name, value in (
        ("core.fsmonitor", program),
        ("core.hooksPath", hooks),
        ("core.pager", program),
        ("filter.evil=er.process", program),
        ("include.path", tmp_path / "included"),
        ("extensions.partialClone", "evil"),
        ("remote.evil.promisor", "true"),
        ("remote.evil.url", f"ext::{program}"),
        ("protocol.ext.allow", "always"),
    ):
        git(folder, "config", name, str(value))
    (folder / "study.yaml").write_text("b")
    subprocess.run(["git", "-C", folder, "status"], capture_output=True, check=False)
    assert mark.exists()  # so would git itself
    mark.unlink()
    assert commit(folder) == f"{head[:12]}, changed"
    tree = git(folder, "-c", "core.fsmonitor=false", "rev-parse", "HEAD^{tree}")
    (folder / ".git" / "objects" / tree[:2] / tree[2:]).unlink()  # git would fetch it
    mark.unlink(missing_ok=True)
    assert commit(folder).startswith(head[:12])
    assert not mark.exists()


def test_a_shared_fact_is_stated_once_and_a_different_one_with_its_variants(tmp_path: Path) -> None:
    path = tmp_path / "tiny.yaml"
    path.write_text(TINY)
    study, plugins = load(path)
    ledger = Ledger(tmp_path / "runs")
    runs = plan(study, plugins=plugins, ledger=ledger, previous={})
    result = provenance(study, runs=runs, ledger=ledger)
    assert result.machine == ["cpu, 1 thread, float32"]
    assert result.weights == ["those after the last update, number 12"]

    averaged = experiment(averaging=EMA(decay=0.9))
    other = replace(study, variants={"baseline": experiment(), "ema": averaged})
    assert provenance(other, runs=(), ledger=ledger).weights == [
        "baseline: those after the last update, number 12",
        "ema: averaged: {ema: {decay: 0.9, ramp: false, start: 0.0}}, over 12 updates",
    ]


def test_gpus_that_runs_trained_on_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "tiny.yaml"
    path.write_text(TINY)
    study, plugins = load(path)
    ledger = Ledger(tmp_path / "runs")
    runs = plan(study, plugins=plugins, ledger=ledger, previous={})
    digests = list(dict.fromkeys(run.digest for run in runs))
    used = (Usage(device="X", index="1"), Usage(device="X", index="0"), Usage(device="cpu"), None)
    for digest, usage in zip(digests, (used[0], *used), strict=False):
        ledger.run(digest).mkdir(parents=True)
        record = TrainingOutcome(status="finished", usage=usage)
        records.write_record(ledger.run(digest) / "outcome.json", record=record)
    assert len(digests) >= 3
    assert provenance(study, runs=runs, ledger=ledger).machine == [
        "cpu, 1 thread, float32",
        "1 run trained on X, GPU 0",
        "2 runs trained on X, GPU 1",
    ]


def test_runs_without_a_score_have_a_reason(tmp_path: Path) -> None:
    path = tmp_path / "tiny.yaml"
    path.write_text(TINY)
    study, plugins = load(path)
    ledger = Ledger(tmp_path / "runs")
    runs = plan(study, plugins=plugins, ledger=ledger, previous={})
    for run, ended in zip(
        runs,
        (
            {"status": "diverged", "reason": "loss is nan"},
            {"status": "failed", "reason": "no disk"},
            {"status": "finished"},
        ),
        strict=False,
    ):
        ledger.run(run.digest).mkdir(parents=True)
        write_json(ledger.run(run.digest) / "outcome.json", value=ended)
    assert provenance(study, runs=runs, ledger=ledger).excluded == [
        "baseline, seed 1: diverged (loss is nan)",
        "no-dropout, seed 1: failed (no disk)",
        "baseline, seed 2: trained, not decoded",
        "no-dropout, seed 2: not run",
    ]
