"""The folders that Python imports from: never the working folder, unless the user named it."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def leave_working_folder() -> None:
    """Keep the working folder off the search path of this process and of all that it starts.

    Python searches it first for ``-c`` and ``-m``, as which servers of processes are started, and
    for an empty entry of PYTHONPATH; a `random.py` beside a study would then be imported instead of
    the standard library's. A folder that PYTHONPATH names stays.
    """
    os.environ["PYTHONSAFEPATH"] = "1"  # the option -P, inherited by every Python below
    entries = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    named = [entry for entry in entries if entry]
    sys.path[:] = [folder for folder in sys.path if folder]
    here = Path.cwd()
    if len(named) == len(entries):
        return
    os.environ.pop("PYTHONPATH", None)
    if named:
        os.environ["PYTHONPATH"] = os.pathsep.join(named)
        # Python has made the empty entry absolute; only its place says which one it was.
        if here not in map(Path.absolute, map(Path, named)) and str(here) in sys.path:
            sys.path.remove(str(here))
