"""Every file of a finished ledger damaged: what can be made again is, with the same bits."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner
from support.tiny_study import TINY

from harness import pipeline
from harness.cli import main
from harness.components import Executor
from harness.contracts import Jobs
from harness.errors import HarnessError
from harness.runs import worker
from harness.runs.check import faults
from harness.runs.execution import execute
from harness.runs.ledger import Ledger
from harness.runs.lock import hold
from harness.runs.pretrained import read_weights

STARTED = """
pretraining:
  general: {budget: {updates: 8}}
"""


@dataclass(frozen=True, kw_only=True)
class InProcess(Executor):
    """Runs in this process, one after another."""

    name = "in_process"

    def build(self, *, jobs: int) -> Jobs:
        return InProcessJobs()


@dataclass
class InProcessJobs:
    capacity: int = 1
    done: list[tuple[Path, int]] = field(default_factory=list)

    def submit(self, path: Path) -> None:
        before = torch.are_deterministic_algorithms_enabled()
        worker.perform(path)
        torch.use_deterministic_algorithms(before)
        self.done.append((path, 0))

    def poll(self) -> Iterator[tuple[Path, int]]:
        yield from self.done
        self.done.clear()

    def cancel(self) -> None: ...

    def logs(self, path: Path) -> str:
        return ""


def carry_out(study: Path) -> None:
    """Train and decode what is missing, and write the report, as `harness run` does."""
    opened = pipeline.open_study(study, out=study.parent / "results", seeds=1)
    opened.remember_plan()
    polls = execute(opened.plan, executor=InProcess(), jobs=1, ledger=opened.ledger)
    assert [end.reason for poll in polls for end in poll.ended if end.reason] == []
    opened = pipeline.open_study(study, out=study.parent / "results", seeds=1)
    assert all(run.exists for run in opened.runs)
    pipeline.write_report(opened)


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    study = tmp_path_factory.mktemp("whole") / "tiny.yaml"
    adapting = "  adapted: {starts_from: general}\nseeds: 2"
    study.write_text(TINY.replace("seeds: 2", adapting) + STARTED)
    carry_out(study)
    # Copies of the results belong to this file as long as it is there.
    return study.rename(study.with_suffix(".kept"))


@pytest.fixture
def study(whole: Path, tmp_path: Path) -> Path:
    shutil.copytree(whole.parent, tmp_path / "copy")
    kept = tmp_path / "copy" / whole.name
    return kept.rename(kept.with_suffix(".yaml"))


def damage(path: Path, how: str) -> None:
    content = path.read_bytes()
    if how == "deleted":
        path.unlink()
    elif how == "emptied":
        path.write_bytes(b"")
    elif how == "cut":
        path.write_bytes(content[: len(content) // 2])
    else:
        middle = len(content) // 2
        flipped = bytes([content[middle] ^ 1])
        path.write_bytes(content[:middle] + flipped + content[middle + 1 :])


def one(study: Path, name: str) -> Path:
    """The file of this name of the variant without dropout, or of the study."""
    opened = pipeline.open_study(study, out=study.parent / "results", seeds=1)
    run = next(run for run in opened.runs if run.variant == "no-dropout")
    folder = opened.ledger.run(run.digest)
    if name.startswith("study/"):
        return opened.folder / name.removeprefix("study/")
    if name.startswith("decoding/"):
        return folder / "evaluations" / run.evaluation / name.removeprefix("decoding/")
    return folder / name


RESULTS = (
    "measurements.jsonl",
    "weights.pt",
    "hypotheses.jsonl",
    "by_sentence.json",
    "scores.json",
    "sentences.json",
    "run.json",
    "where.json",
    "evaluation.json",
    "findings.json",
)


def contents(study: Path) -> dict[str, bytes]:
    """Every file of the results whose bits training, decoding and scoring decide."""
    out = study.parent / "results"
    return {
        str(path.relative_to(out)): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.name in RESULTS and path.name != "where.json"
    }


FILES = (
    "run.json",
    "where.json",
    "measurements.jsonl",
    "weights.pt",
    "outcome.json",
    "decoding/evaluation.json",
    "decoding/hypotheses.jsonl",
    "decoding/by_sentence.json",
    "decoding/outcome.json",
    "decoding/scores.json",
    "decoding/sentences.json",
    "study/plan.json",
    "study/looks.jsonl",
)
# Made again whenever they are needed, or deleted on purpose to save space.
MAY_BE_GONE = ("weights.pt", "decoding/scores.json", "decoding/sentences.json", "study/plan.json")


@pytest.mark.faults
@pytest.mark.parametrize("repaired", [False, True])
@pytest.mark.parametrize("how", ["flipped", "cut", "emptied", "deleted"])
@pytest.mark.parametrize("name", FILES)
def test_damage_is_named_and_what_can_be_made_again_has_the_same_bits(
    study: Path, name: str, how: str, *, repaired: bool
) -> None:
    before, out = contents(study), study.parent / "results"
    path = one(study, name)
    damage(path, how)
    expected = [] if how == "deleted" and name in MAY_BE_GONE else [path.resolve()]
    if name == "study/looks.jsonl" and how == "emptied":
        expected = []  # as before the first inspection
    assert [fault.path.resolve() for fault in faults(out)] == expected
    if repaired:
        CliRunner().invoke(main, ["check", "--repair", "--out", str(out)])
    carry_out(study)
    after = contents(study)
    weights = str(path.relative_to(out)) if name == "weights.pt" else ""
    assert {**after, weights: b""} == {**before, weights: b""}
    left = [fault.path for fault in faults(out)]
    # A variant's weights are not needed any more, and a damaged line of the log is left out.
    stays = how != "deleted" and name in ("weights.pt", "study/looks.jsonl")
    assert not left or (stays and not repaired)


@pytest.mark.parametrize("how", ["flipped", "cut", "emptied"])
def test_damaged_weights_are_never_read(study: Path, how: str) -> None:
    path = one(study, "weights.pt")
    read_weights(path)
    damage(path, how)
    with pytest.raises(
        HarnessError, match=r"weights\.pt: damaged \(its SHA-256 .*remove the folder .*run"
    ):
        read_weights(path)


@pytest.mark.parametrize("how", ["flipped", "cut", "deleted"])
def test_a_damaged_start_is_trained_again_before_its_heir(study: Path, how: str) -> None:
    before = contents(study)
    opened = pipeline.open_study(study, out=study.parent / "results", seeds=1)
    heir = next(run for run in opened.runs if run.variant == "adapted")
    (start,) = heir.needs
    damage(opened.ledger.run(start) / "weights.pt", how)
    shutil.rmtree(opened.ledger.run(heir.digest))
    carry_out(study)
    assert contents(study) == before


@pytest.mark.parametrize("byte", range(40, 4000, 177))
def test_a_flipped_byte_of_a_record_is_seen_wherever_it_is(study: Path, byte: int) -> None:
    path = one(study, "outcome.json")
    content = path.read_bytes()
    byte %= len(content)
    path.write_bytes(content[:byte] + bytes([content[byte] ^ 1]) + content[byte + 1 :])
    assert Ledger(path.parent.parent).outcome(path.parent.name) is None


def test_the_log_and_the_lock_may_be_lost(study: Path) -> None:
    out = study.parent / "results"
    path = one(study, "log.txt")
    path.write_bytes(b"\xff\x00")
    (path.parent / "lock").unlink()
    assert list(faults(out)) == []
    before = contents(study)
    carry_out(study)
    assert contents(study) == before


def test_a_checkpoint_that_a_kill_left_behind_an_ended_run_is_removed(study: Path) -> None:
    out = study.parent / "results"
    left = [
        run / name
        for run in sorted((out / "runs").iterdir())
        for name in ("checkpoint.earlier.pt", "checkpoint.pt")
    ]
    content = b"of the last update"
    whole = hashlib.sha256(content).hexdigest().encode() + b"\n" + content
    for path in left:  # of starts too
        path.write_bytes(whole)
    lines = [f"{path}: left by a process that was killed; --repair, then " for path in left]
    assert [str(fault) for fault in faults(out)] == [f"{line}nothing is lost" for line in lines]
    before = contents(study)
    carry_out(study)
    assert not any(path.exists() for path in left)
    assert contents(study) == before
    # As long as training goes on, or is done again, they are of use.
    outcome, weights = one(study, "outcome.json"), one(study, "weights.pt")
    last = outcome.with_name("checkpoint.pt")
    last.write_bytes(whole)
    with hold(last.parent):
        assert Ledger(out / "runs").needless_checkpoints(last.parent.name) == []
    for needed in (outcome, weights):
        kept = needed.rename(needed.with_suffix(".kept"))
        assert Ledger(out / "runs").needless_checkpoints(last.parent.name) == []
        kept.rename(needed)
    assert Ledger(out / "runs").needless_checkpoints(last.parent.name) == [last]


def test_the_command_prints_a_line_for_each_fault(study: Path) -> None:
    out = study.parent / "results"
    check = ["check", "--out", str(out)]
    sound = CliRunner().invoke(main, check)
    assert (sound.exit_code, sound.output) == (0, f"{out}: no faults\n")
    scores, plan = one(study, "decoding/scores.json"), one(study, "study/plan.json")
    damage(scores, "cut")
    damage(plan, "flipped")
    (plan.parent / ".report.html.4194305").write_bytes(b"")  # beyond the largest process id
    told = CliRunner().invoke(main, check)
    assert told.exit_code == 1
    assert len(told.output.splitlines()) == 3
    assert f"{scores}: damaged; --repair, then the next report computes it again" in told.output
    assert scores.exists(), "without --repair nothing is removed"
    mended = CliRunner().invoke(main, [*check, "--repair"])
    assert (mended.exit_code, len(mended.output.splitlines())) == (0, 3)
    assert not any(path.exists() for path in (scores, plan))
    assert CliRunner().invoke(main, check).exit_code == 0


def test_a_folder_without_results_is_a_line(tmp_path: Path) -> None:
    refused = CliRunner().invoke(main, ["check", "--out", str(tmp_path / "none")])
    assert refused.exit_code == 2
    assert "none: no such folder" in refused.output
