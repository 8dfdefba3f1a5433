"""The last word on a study whose coordinator was killed: how its runs ended, for its trackers.

`harness run` starts it as ``python -m harness.last_word`` when it first shows runs to trackers. It
reads its standard input, which ends when the coordinator does.
"""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path

_LIMIT = 120  # seconds, as a tracker may wait for a server that is away


def await_and_copy(study: str) -> None:
    """Wait for the end of the coordinator, then copy; `study` is that of a `LastWord`, as JSON."""
    sys.stdin.buffer.read()
    signal.alarm(_LIMIT)
    # Only now: a study may go on for days without a need of any of it.
    from harness.cli.lazy_imports import defer

    defer("torch")
    from harness import pipeline
    from harness.runs.reuse import Reuse

    path, out, seeds, reuse = json.loads(study)
    pipeline.say_last_word(
        Path(path),
        out=Path(out),
        seeds=tuple(seeds) if isinstance(seeds, list) else seeds,
        reuse=Reuse(reuse),
    )


if __name__ == "__main__":
    await_and_copy(sys.argv[1])
