"""Trackers of a running study: no fault of theirs holds it up."""

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
    """A tracker that remembers the summaries it was called with."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def sync(self, study: StudyView, ledger: LedgerView) -> None:
        self.seen.append(study.summary)


class Hangs(Copies):
    """A server that accepts and never responds."""

    def sync(self, study: StudyView, ledger: LedgerView) -> None:
        super().sync(study, ledger)
        Event().wait()


class Fails(Copies):
    """A server that cannot be reached."""

    def sync(self, study: StudyView, ledger: LedgerView) -> None:
        super().sync(study, ledger)
        raise ConnectionError("nobody\nthere")


@dataclass(frozen=True, kw_only=True)
class Fixed(Tracker):
    """A tracker that builds a fixed tracking."""

    name = "fixed"
    tracking: Copies

    def build(self, *, out: Path) -> Copies:
        return self.tracking


def followers(tracking: Copies, *, out: Path) -> Followers:
    return Followers(
        [Fixed(tracking=tracking)], out=out, ledger=Ledger(out), plugins=third_party.plugins()
    )


def shown(tracking: Copies, *, times: int) -> None:
    """Wait until it was called so many times."""
    deadline = time.monotonic() + 60
    while len(tracking.seen) < times:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def ended() -> StudyView:
    return StudyView(name="copy", question="Why?", path=Path(), runs=(), summary="found")


def test_a_tracker_sees_the_study_live_and_at_last_its_findings(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tracking = Copies()
    following = followers(tracking, out=tmp_path)
    following.show(STUDY)
    shown(tracking, times=1)
    following.end(ended())
    assert tracking.seen == ["", "found"]
    assert capsys.readouterr().err == ""


def test_a_tracker_that_hangs_delays_nothing_and_is_named_once(
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
    assert warning.startswith("warning: tracker fixed: still busy after 0.1 s; ")


def test_a_tracker_that_fails_is_named_once_and_called_again_at_the_end(
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
    assert "tracker fixed: raised ConnectionError: nobody there; " in warning
    assert "harness sync" in warning


def test_a_copy_returns_the_faults_of_its_trackers(tmp_path: Path) -> None:
    trackers = [Fixed(tracking=Fails()), Fixed(tracking=Copies())]
    (fault,) = copy_to_trackers(
        trackers, study=STUDY, out=tmp_path, ledger=Ledger(tmp_path), plugins=third_party.plugins()
    )
    assert fault.endswith("tracker fixed: raised ConnectionError: nobody there")


def test_without_a_page_there_is_nothing_to_show(tmp_path: Path) -> None:
    with pytest.raises(HarnessError, match="no tracker of this study has a page"):
        tracker_page([Fixed(tracking=Copies())], out=tmp_path)
