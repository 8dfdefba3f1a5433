"""Valid names of studies and variants, which become names of files and folders."""

from __future__ import annotations

import re

from harness.registry.option_types import shown

# Of what lies beside the folders of studies; case is ignored, as by the file systems of some.
_TAKEN = re.compile(r"runs|tokenized|mlflow-artifacts|mlflow\.db.*", re.IGNORECASE)
VARIANT_NAME = "[A-Za-z0-9][A-Za-z0-9._+=-]{0,63}"


def name_fault(name: str) -> str | None:
    """The reason that a name is not valid; None if it is."""
    if re.fullmatch(VARIANT_NAME, name):
        return None
    return (
        f"{shown(name)} is not a valid name: use at most 64 letters, digits and . _ + = -, "
        "starting with a letter or digit"
    )


def study_name_fault(name: str) -> str | None:
    """The reason that a study cannot be called so; None if it can."""
    if _TAKEN.fullmatch(name):
        return f"{shown(name)} is reserved for a file beside the reports; choose another name"
    return name_fault(name)
