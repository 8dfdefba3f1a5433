"""The lease of a run, for machines whose locks do not reach each other."""

from __future__ import annotations

import json
import multiprocessing
import threading
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from support.finished_run import requested
from support.live_study import until
from support.tiny_study import TINY

from harness.runs import lease, worker
from harness.runs.lease import TAKEN_OVER, Lease, leased, take
from harness.runs.ledger import MEASUREMENTS
from harness.runs.lock import hold, holder
from harness.runs.supervision import signs_of_life

ROUNDS = 150


def abroad(folder: Path) -> lease.Claim:
    """A lease that a process of another machine has."""
    claim = take(folder, after=Lease.of(folder))
    assert claim
    counter, pid, _, since, *_, token = json.loads(claim.path.read_bytes())
    claim.path.write_text(json.dumps([counter, pid, "elsewhere", since, "m", "b", token]))
    object.__setattr__(claim.owner, "host", "elsewhere")
    object.__setattr__(claim.owner, "machine", "m")
    object.__setattr__(claim.owner, "boot", "b")
    return claim


def race(folder: str, start: Any, winners: Any) -> None:
    for number in range(ROUNDS):
        path = Path(folder, str(number))
        seen = Lease.of(path)
        start.wait()
        winners.put((number, take(path, after=seen) is not None))


@pytest.mark.parametrize("stale", [False, True])
def test_of_processes_that_race_for_a_lease_exactly_one_gets_it(
    tmp_path: Path, *, stale: bool
) -> None:
    for number in range(ROUNDS):
        (tmp_path / str(number)).mkdir()
        if stale:
            abroad(tmp_path / str(number))
    context = multiprocessing.get_context("fork")
    start, winners = context.Barrier(3), context.SimpleQueue()
    racers = [context.Process(target=race, args=(tmp_path, start, winners)) for _ in range(3)]
    for racer in racers:
        racer.start()
    won = [winners.get() for _ in range(3 * ROUNDS)]
    for racer in racers:
        racer.join()
    assert sorted(number for number, mine in won if mine) == [*range(ROUNDS)]
    for number in range(ROUNDS):
        assert len([*(tmp_path / str(number)).iterdir()]) == 1


def test_one_that_comes_late_by_several_owners_gets_nothing(tmp_path: Path) -> None:
    first = abroad(tmp_path)
    seen = Lease.of(tmp_path)
    for _ in range(2):
        assert take(tmp_path, after=Lease.of(tmp_path))
    latest = Lease.of(tmp_path)
    assert latest
    assert latest.number == 3
    assert take(tmp_path, after=seen) is None
    assert [path.name for path in tmp_path.iterdir()] == ["lease.3"]
    with pytest.raises(SystemExit):
        first.verify()


def test_a_lease_that_beats_is_waited_for_and_one_that_stands_still_is_taken(
    tmp_path: Path,
) -> None:
    other = abroad(tmp_path)
    order: list[str] = []

    def wait() -> None:
        with leased(tmp_path, stale_after=0.4):
            order.append("taken")

    waiting = threading.Thread(target=wait)
    waiting.start()
    for count in range(1, 9):  # twice as long as it takes to be stale
        time.sleep(0.1)
        other.beat(count)
        other.verify()
    order.append("last beat")
    waiting.join(10)
    assert order == ["last beat", "taken"]
    with pytest.raises(SystemExit, match="taken over by another process"):
        other.verify()
    with pytest.raises(FileNotFoundError):
        other.beat(9)


def test_an_owner_beats_and_leaves_the_lease_to_the_next_at_its_end(tmp_path: Path) -> None:
    with leased(tmp_path, stale_after=0.3) as claim:
        before = claim.path.read_bytes()
        time.sleep(0.2)
        assert claim.path.read_bytes() != before
        claim.verify()
    ended = Lease.of(tmp_path)
    assert ended
    assert ended.has_ended
    started = time.monotonic()
    with leased(tmp_path, stale_after=60) as claim:
        assert claim.path.name == "lease.2"
    assert time.monotonic() - started < 1


def test_a_dead_owner_of_this_machine_is_not_waited_for(tmp_path: Path) -> None:
    assert take(tmp_path, after=None)  # killed before it could end it
    assert holder(tmp_path) is None
    started = time.monotonic()
    with hold(tmp_path):
        pass
    assert time.monotonic() - started < 1


def test_a_taker_that_is_killed_halfway_has_fenced_the_owner_off_all_the_same(
    tmp_path: Path,
) -> None:
    first = abroad(tmp_path)
    (tmp_path / "lease.2").write_bytes(first.path.read_bytes())
    with pytest.raises(SystemExit):
        first.verify()
    assert take(tmp_path, after=Lease.of(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["lease.3"]


def test_an_owner_elsewhere_holds_the_run(tmp_path: Path) -> None:
    with hold(tmp_path):
        pass
    other = abroad(tmp_path)
    held = holder(tmp_path)
    assert held
    assert held.host == "elsewhere"
    other.end()
    assert holder(tmp_path) is None


@pytest.mark.parametrize("content", [b"", b"\xff", b"[1]", b"5"])
def test_a_damaged_lease_is_taken_when_it_stays_as_it_is(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "lease.4").write_bytes(content)
    with leased(tmp_path, stale_after=0.2) as claim:
        assert claim.path.name == "lease.5"


def test_without_hard_links_it_is_made_exclusively(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr("os.link", refuse)
    assert take(tmp_path, after=None)
    assert take(tmp_path, after=None) is None


def test_a_worker_whose_run_was_taken_over_writes_nothing_more(tmp_path: Path) -> None:
    run = requested(tmp_path, text=TINY.replace("updates: 12", "updates: 100000"))
    ends: list[str] = []

    def perform() -> None:
        with pytest.raises(SystemExit) as end:
            worker.perform(run)
        ends.append(str(end.value))

    def lines() -> int:
        return (run / MEASUREMENTS).read_bytes().count(b"\n")

    before = torch.are_deterministic_algorithms_enabled()
    working = threading.Thread(target=perform)
    working.start()
    until((run / MEASUREMENTS).exists)
    until(lambda: lines() > 3)
    assert take(run, after=Lease.of(run))
    written = lines()
    working.join(60)
    torch.use_deterministic_algorithms(before)
    assert ends == [TAKEN_OVER]
    assert lines() <= written + 1  # that of the update whose claim was verified already
    assert not (run / "outcome.json").exists()


def test_a_beat_is_no_sign_of_life_of_a_run_that_hangs(tmp_path: Path) -> None:
    assert take(tmp_path, after=None)
    assert signs_of_life(tmp_path) == []
    (tmp_path / MEASUREMENTS).touch()
    assert len(signs_of_life(tmp_path)) == 1
