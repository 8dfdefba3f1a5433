"""A checkpoint that is damaged, and measurements that are not its own, change no bit."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.tiny_experiment import experiment, weights

from harness.training import checkpoint
from harness.training.assembly import Assembly, assemble
from harness.training.loop import train

LAST, EARLIER = checkpoint.CHECKPOINTS


def continued(path: Path, *, until: int) -> tuple[int, Assembly]:
    """Go on from the last whole checkpoint, saving at every fourth update."""
    parts = assemble(experiment(), seed=1)
    after = checkpoint.resume(parts, path=path)
    with (path / "measurements.jsonl").open("ab", buffering=0) as file:
        for update in train(parts, after=after):
            file.write(json.dumps([update.number, []]).encode() + b"\n")
            if update.number and update.number % 4 == 0:
                checkpoint.save(parts, path=path, update=update.number, size=file.tell())
            if update.number == until:
                break
    return after, parts


def flip(path: Path, at: float) -> None:
    content = bytearray(path.read_bytes())
    content[min(len(content) - 1, int(len(content) * at))] ^= 1
    path.write_bytes(content)


@pytest.fixture
def interrupted(tmp_path: Path) -> Path:
    continued(tmp_path, until=9)
    return tmp_path


def same_as_uninterrupted(parts: Assembly, path: Path) -> bool:
    whole = assemble(experiment(), seed=1)
    numbers = [update.number for update in train(whole, after=0)]
    lines = (path / "measurements.jsonl").read_text().splitlines()
    assert [json.loads(line)[0] for line in lines] == numbers
    ours, theirs = weights(parts), weights(whole)
    return all(ours[name].equal(theirs[name]) for name in theirs)


def test_the_last_two_are_kept_and_dropped(interrupted: Path) -> None:
    assert all(checkpoint.is_whole(interrupted / name) for name in (LAST, EARLIER))
    after, parts = continued(interrupted, until=12)
    assert after == 8
    assert same_as_uninterrupted(parts, interrupted)
    checkpoint.drop(interrupted)
    assert [path.name for path in interrupted.iterdir()] == ["measurements.jsonl"]


@pytest.mark.parametrize("at", [0.0, 0.001, 0.2, 0.5, 0.8, 1.0])
def test_a_flipped_byte_costs_the_updates_since_the_earlier_one(
    interrupted: Path, at: float, capsys: pytest.CaptureFixture[str]
) -> None:
    flip(interrupted / LAST, at)
    assert not checkpoint.is_whole(interrupted / LAST)
    after, parts = continued(interrupted, until=12)
    assert after == 4
    (line,) = capsys.readouterr().err.splitlines()
    assert line == (
        f"warning: {interrupted / LAST} cannot be used (its SHA-256 is another); "
        "training goes on from an earlier update"
    )
    assert same_as_uninterrupted(parts, interrupted)


@pytest.mark.parametrize("content", [b"", b"x", None])
def test_without_a_whole_one_training_restarts(
    interrupted: Path, content: bytes | None, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in (LAST, EARLIER):
        (interrupted / name).write_bytes(content or (interrupted / name).read_bytes()[:-100])
    after, parts = continued(interrupted, until=12)
    assert after == 0
    assert capsys.readouterr().err.count("cannot be used") == 2
    assert same_as_uninterrupted(parts, interrupted)


def test_a_crash_between_two_renames_leaves_the_earlier_one(interrupted: Path) -> None:
    (interrupted / LAST).replace(interrupted / EARLIER)
    after, parts = continued(interrupted, until=12)
    assert after == 8
    assert same_as_uninterrupted(parts, interrupted)


@pytest.mark.parametrize(("line", "expected"), [(1, 0), (6, 4), (9, 8)])
def test_measurements_that_changed_are_written_again(
    interrupted: Path, line: int, expected: int
) -> None:
    path = interrupted / "measurements.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    lines[line] = lines[line].replace(b"[", b"{", 1)
    path.write_bytes(b"".join(lines))
    after, parts = continued(interrupted, until=12)
    assert after == expected
    assert same_as_uninterrupted(parts, interrupted)
