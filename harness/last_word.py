"""The last word on a study whose coordinator was killed: how its runs ended, for its trackers.

`harness run` starts it as ``python -m harness.last_word`` when it first shows runs to trackers. It
reads its standard input, which ends when the coordinator does.
"""

from __future__ import annotations

import json
import signal
import sys
import time
from pathlib import Path

_LIMIT = 120  # seconds, as a tracker may wait for a server that is away
_ENDING = 10.0  # seconds for the runs of a killed coordinator to end; their guards take fewer


def await_and_copy(study: str) -> None:
    """Wait for the end of the coordinator, then copy; `study` is that of a `LastWord`, as JSON."""
    sys.stdin.buffer.read()
    signal.alarm(_LIMIT)
    # Only now: a study may go on for days without a need of any of it.
    from harness.cli.lazy_imports import defer

    defer("torch")
    from harness import pipeline
    from harness.runs.reuse import Reuse
    from harness.tracking.followers import copy_to_trackers

    path, out, seeds, reuse = json.loads(study)
    opened = pipeline.open_study(
        Path(path),
        out=Path(out),
        seeds=tuple(seeds) if isinstance(seeds, list) else seeds,
        reuse=Reuse(reuse),
    )
    deadline = time.monotonic() + _ENDING
    while time.monotonic() < deadline and any(
        opened.ledger.running(run.digest) for run in opened.plan
    ):
        time.sleep(0.1)
    # A run that another coordinator carries out meanwhile is copied as running, which it is.
    copy_to_trackers(
        opened.study.trackers,
        study=opened.view(),
        out=opened.out,
        ledger=opened.ledger,
        plugins=opened.plugins,
    )


if __name__ == "__main__":
    await_and_copy(sys.argv[1])
