"""The lock of a run: what its last holder left, and a lock file that is damaged."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from harness.runs.lock import hold, holder


def test_what_the_last_holder_left_is_removed_even_while_it_still_ends(tmp_path: Path) -> None:
    # Killed, it loses its lock before the system forgets it: as long, it seems to run.
    last, alive = os.getppid(), os.getpid()
    (tmp_path / "lock").write_text(json.dumps([last, "here", "today"]))
    for process in (last, alive):
        (tmp_path / f".weights.pt.{process}").touch()
    with hold(tmp_path):
        assert [path.name for path in tmp_path.glob(".*")] == [f".weights.pt.{alive}"]


@pytest.mark.parametrize("content", [b"", b"\xff", b"5", b"[1]", b'{"a": 1}', b'["x'])
def test_a_damaged_lock_is_taken_as_any_other(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "lock").write_bytes(content)
    with hold(tmp_path):
        held = holder(tmp_path)
        assert held
        assert held.pid == os.getpid()
    assert holder(tmp_path) is None
