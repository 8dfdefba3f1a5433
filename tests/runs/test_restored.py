from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from support.finished_run import planned

from harness.errors import HarnessError
from harness.introspection.translation import translations
from harness.runs.ledger import Ledger
from harness.runs.restored import find_run, restore_run
from harness.training.evaluation import teacher_forced


@pytest.fixture
def folder(finished: Path, tmp_path: Path) -> Path:
    """A copy of the finished run, under its own name."""
    run = planned(finished)
    return Path(shutil.copytree(finished / "results" / "runs" / run.digest, tmp_path / run.digest))


def rewrite(path: Path, change: Callable[[Any], None]) -> None:
    """Change a JSON file in place, as an earlier version wrote it: without its own SHA-256."""
    value = json.loads(path.read_text())
    value.pop("sha256", None)
    change(value)
    path.write_text(json.dumps(value))


def test_a_loaded_run_scores_what_its_worker_scored(finished: Path) -> None:
    run = planned(finished)
    ledger = Ledger(finished / "results" / "runs")
    trained = restore_run(ledger.run(run.digest))
    outcome = ledger.evaluated(run.digest, evaluation=run.evaluation)
    assert outcome
    scores = teacher_forced(trained.parts, pairs=trained.parts.task.test).by_name()
    assert scores == pytest.approx(outcome.scores, rel=1e-6)
    assert trained.changed == ""


def test_a_loaded_run_writes_what_its_worker_wrote(finished: Path) -> None:
    run = planned(finished)
    ledger = Ledger(finished / "results" / "runs")
    wrote = ledger.hypotheses(run.digest, evaluation=run.evaluation)
    trained = restore_run(ledger.run(run.digest))
    again = translations(trained, lines=[sentence.source for sentence in wrote])
    assert [written.text for written in again] == [sentence.hypothesis for sentence in wrote]


def test_a_run_is_found_by_its_folder_and_by_its_first_digits(folder: Path) -> None:
    ledger = Ledger(folder.parent)
    for name in (folder.name, folder.name[:6], str(folder)):
        assert find_run(name, ledger=ledger) == folder.resolve()


def test_a_name_that_fits_no_run_or_two_is_refused(folder: Path) -> None:
    shutil.copytree(folder, folder.parent / f"{folder.name[:8]}ffff")
    ledger = Ledger(folder.parent)
    with pytest.raises(HarnessError, match="2 runs begin with these digits .*; give more"):
        find_run(folder.name[:8], ledger=ledger)
    with pytest.raises(HarnessError, match=r"no run in .* begins with these digits"):
        find_run("nothing", ledger=ledger)


@pytest.mark.parametrize(
    ("outcome", "fault"),
    [
        (None, "is not finished, it is at update 12; `harness run` its study first"),
        ({"status": "failed", "reason": "out of memory"}, "failed: out of memory"),
        ({"status": "diverged", "reason": "loss is NaN"}, "diverged .loss is NaN., and has no"),
    ],
)
def test_a_run_without_final_weights_is_refused(
    folder: Path, outcome: dict[str, str] | None, fault: str
) -> None:
    (folder / "outcome.json").unlink()
    if outcome:
        (folder / "outcome.json").write_text(json.dumps(outcome))
    with pytest.raises(HarnessError, match=fault):
        restore_run(folder)


def test_code_that_has_changed_since_is_named(folder: Path) -> None:
    old = folder.rename(folder.parent / "0123456789abcdef")
    rewrite(old / "run.json", lambda run: run["code"].update(harness="another"))
    assert restore_run(old).changed == "changed code of harness"


def test_a_corpus_that_is_gone_or_another_is_refused(folder: Path) -> None:
    side = {"source": "sha256:1", "target": "sha256:1"}
    splits = dict.fromkeys(("train", "validation", "test"), side)
    rewrite(
        folder / "run.json",
        lambda run: run["experiment"].update(dataset={"parallel_text": splits}),
    )
    for file, fault in (("gone.de", r"is gone: \S*gone\.de"), (__file__, "has changed since")):
        rewrite(
            folder / "where.json", lambda where, file=file: where.update(files={"sha256:1": file})
        )
        with pytest.raises(HarnessError, match=fault):
            restore_run(folder)


def test_weights_that_do_not_fit_are_refused(folder: Path) -> None:
    weights = torch.load(folder / "weights.pt", weights_only=True)
    weights["projection.bias"] = weights["projection.bias"][1:]
    torch.save(weights, folder / "weights.pt")
    rewrite(folder / "outcome.json", lambda outcome: outcome.pop("files"))
    with pytest.raises(HarnessError, match="weights do not fit the model"):
        restore_run(folder)
    (folder / "weights.pt").write_bytes(b"half")
    with pytest.raises(
        HarnessError, match=r"damaged .*; remove the folder .* and `harness run` its study"
    ):
        restore_run(folder)
    (folder / "weights.pt").unlink()
    with pytest.raises(
        HarnessError, match="gone; remove the folder .* and `harness run` its study"
    ):
        restore_run(folder)


def test_a_run_can_write_in_another_way(finished: Path) -> None:
    path = find_run("", ledger=Ledger(finished / "results" / "runs"))
    trained = restore_run(path, generation="{greedy: {extra: 0}}")
    (one,) = translations(trained, lines=["ein"])
    assert len(trained.codecs.target.encode(one.text)) <= 2
    with pytest.raises(HarnessError, match="no generation named 'grredy'; did you mean 'greedy'"):
        restore_run(path, generation="grredy")
    with pytest.raises(HarnessError, match="is not YAML"):
        restore_run(path, generation="{greedy")
