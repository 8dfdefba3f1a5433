"""A process that outlives the coordinator if that is killed, for the last copy to the trackers."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from harness.runs.reuse import Reuse
from harness.study.values import Seeds


@dataclass(kw_only=True)
class LastWord:
    """A process that waits for the end of this one, and copies a study's runs if it was killed.

    It is a session of its own, so that neither a terminal nor the end of a process group ends it;
    while it waits it holds no file and no lock, and has loaded next to nothing. The fields are the
    arguments of `harness.pipeline.open_study`, with which it opens the study again.
    """

    path: Path
    out: Path
    seeds: Seeds | None
    reuse: Reuse
    _process: subprocess.Popen[bytes] | None = None

    def stand_by(self) -> None:
        """Start the process, unless it was started; no fault of that stops a study."""
        if self._process:
            return
        study = json.dumps([str(self.path), str(self.out), self.seeds, self.reuse])
        with suppress(OSError):  # too many processes, or too little memory
            self._process = subprocess.Popen(  # noqa: S603 - the arguments are ours
                [sys.executable, "-P", "-m", "harness.last_word", study],
                # Only this process has the other end, which closes with it, however it ends.
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )

    def dismiss(self) -> None:
        """End the process, as all has been said."""
        if self._process:
            self._process.kill()  # before its input is closed, which it would take for a kill
            self._process.communicate()
