"""The exit status of commands, and the answer of one that cannot do what was asked."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import NoReturn

from harness.cli import options, output
from harness.cli.interruption import STATUS as INTERRUPTED
from harness.errors import Fault, HarnessError, StudyError

DONE, FAILED, FAULT, LIMIT = range(4)

# The whole table; what a number means stays as it is from version to version.
MEANINGS = {
    DONE: "done",
    FAILED: "done, and not all is well: a run or a metric failed, a verdict did not hold, "
    "a file is damaged, a run is not reproduced, or results to merge differ",
    FAULT: "not done: a fault in the study, in a plugin, in an option or of the system",
    LIMIT: "not done yet: `run` reached --max-hours or --max-runs; the same command continues",
    INTERRUPTED: "interrupted by a signal; the same command continues",
}


def refuse(error: HarnessError | str, *, status: int = FAULT) -> NoReturn:
    """End the command with a fault: a line each or, with --json, the object `faults`."""
    if options.in_json():
        faults: Sequence[Fault] = (Fault("", str(error)),)
        if isinstance(error, StudyError):
            faults = error.faults
        try:
            output.say_object(output.faults_object(faults))
        except HarnessError as full:  # standard output itself is at fault
            output.say(str(full), err=True)
    else:
        output.say(str(error), err=True)
    sys.exit(status)
