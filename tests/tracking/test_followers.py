"""Trackers beside a study: whatever one does, the study goes on."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from threading import Event

import pytest
from support import third_party

from harness.components import Tracker
from harness.contracts import LedgerView, StudyView
from harness.errors import HarnessError
from harness.runs.ledger import Ledger
from harness.tracking.followers import Followers, copy_to_trackers, tracker_page

STUDY = StudyView(name="copy", question="Why?", path=Path(), runs=())


class Copies:
    """Remembers what it was shown."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def sync(self, study: StudyView, ledger: LedgerView) -> None:
        self.seen.append(study.summary)


class Hangs(Copies):
    """A server that accepts and never answers."""

    def sync(self, study: StudyView, ledger: LedgerView) -> None:
        super().sync(study, ledger)
        Event().wait()


class Fails(Copies):
    """A server that is away."""

    def sync(self, study: StudyView, ledger: LedgerView) -> None:
        super().sync(study, ledger)
        raise ConnectionError("nobody\nthere")


@dataclass(frozen=True, kw_only=True)
class Given(Tracker):
    """Whatever it is given."""

    name = "given"
    tracking: Copies

    def build(self, *, out: Path) -> Copies:
        return self.tracking


def followers(tracking: Copies, *, out: Path) -> Followers:
    return Followers(
        [Given(tracking=tracking)], out=out, ledger=Ledger(out), plugins=third_party.plugins()
    )


def shown(tracking: Copies, *, times: int) -> None:
    """Wait until it was shown so much."""
    deadline = time.monotonic() + 60
    while len(tracking.seen) < times:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def ended() -> StudyView:
    return StudyView(name="copy", question="Why?", path=Path(), runs=(), summary="found")


def test_a_tracker_sees_the_study_live_and_last_of_all_what_was_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tracking = Copies()
    following = followers(tracking, out=tmp_path)
    following.show(STUDY)
    shown(tracking, times=1)
    following.end(ended())
    assert tracking.seen == ["", "found"]
    assert capsys.readouterr().err == ""


def test_a_tracker_that_hangs_delays_nothing_and_is_said_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tracking = Hangs()
    following = followers(tracking, out=tmp_path)
    following.show(STUDY)
    shown(tracking, times=1)
    for _ in range(100):
        following.show(STUDY)
    following.end(ended(), patience=0.1)
    assert tracking.seen == [""]
    warning = capsys.readouterr().err
    assert warning.count("\n") == 1
    assert warning.startswith("warning: tracker given: still busy after 0.1 s; ")


def test_a_tracker_that_fails_is_said_once_and_asked_again_at_the_end(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tracking = Fails()
    following = followers(tracking, out=tmp_path)
    following.show(STUDY)
    shown(tracking, times=1)
    following.end(ended())
    assert tracking.seen == ["", "found"]
    warning = capsys.readouterr().err
    assert warning.count("\n") == 1
    assert warning.startswith(f"warning: plugin {__name__}, hook harness_trackers: ")
    assert "tracker given: raised ConnectionError: nobody there; " in warning
    assert "harness sync" in warning


def test_what_was_in_the_way_of_a_copy_is_its_answer(tmp_path: Path) -> None:
    trackers = [Given(tracking=Fails()), Given(tracking=Copies())]
    (fault,) = copy_to_trackers(
        trackers, study=STUDY, out=tmp_path, ledger=Ledger(tmp_path), plugins=third_party.plugins()
    )
    assert fault.endswith("tracker given: raised ConnectionError: nobody there")


def test_without_a_page_there_is_nothing_to_look_at(tmp_path: Path) -> None:
    with pytest.raises(HarnessError, match="no tracker of this study has a page"):
        tracker_page([Given(tracking=Copies())], out=tmp_path)
