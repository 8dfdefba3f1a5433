"""What studies and variants may be called: their names become names of files."""

from __future__ import annotations

import re

from harness.registry.option_types import shown

VARIANT_NAME = "[A-Za-z0-9][A-Za-z0-9._+=-]{0,63}"


def name_fault(name: str) -> str | None:
    """Why this cannot be a name; None if it can."""
    if re.fullmatch(VARIANT_NAME, name):
        return None
    return (
        f"{shown(name)} cannot be a name: at most 64 letters, digits and . _ + = -, "
        "a letter or digit first"
    )
