"""``python -m harness``: the command line, where the command ``harness`` is not on the path."""

from __future__ import annotations

import sys

if not sys.flags.safe_path:
    # The working folder, which `-m` puts first: a folder of data is not imported from.
    del sys.path[0]

from harness.cli import main

if __name__ == "__main__":
    main(prog_name="harness")
