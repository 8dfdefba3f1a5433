"""What studies and variants may be called: their names become names of files."""

from __future__ import annotations

import re

from harness.wording import shown

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


_TAKEN = "runs"  # the folder beside the studies' own


def name_fault(name: str) -> str | None:
    """Why this cannot be a name; None if it can."""
    if name == _TAKEN:
        return f"{shown(name)} is where all studies keep their runs; choose another name"
    if _NAME.fullmatch(name):
        return None
    return (
        f"{shown(name)} cannot be a name: at most 64 letters, digits, dots, hyphens and "
        "underscores, a letter or digit first"
    )
