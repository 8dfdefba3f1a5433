"""Names and texts as MLflow accepts them: what it would refuse is renamed or cut."""

from __future__ import annotations

import hashlib
import posixpath
import re

_FORBIDDEN = re.compile(r"[^/\w.\- :]")
_MAX_NAME = 250  # characters of the name of a parameter or metric
_CUT = "..."


def accepted_name(name: str) -> str:
    """A name without forbidden characters, or read as a path; a changed one ends with a hash.

    The hash keeps names apart that differ in forbidden characters alone, as ``<s>`` and ``[s]``.
    """
    accepted = _FORBIDDEN.sub("_", name)
    is_path = posixpath.normpath(accepted) != accepted or accepted.startswith(("/", ".."))
    if is_path or accepted == ".":
        accepted = accepted.replace("/", "_").lstrip(".") or "_"
    if accepted == name and len(name) <= _MAX_NAME:
        return name
    suffix = "-" + hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()[:6]
    return accepted[: _MAX_NAME - len(suffix)] + suffix


def cut(text: str, *, longest: int) -> str:
    """The text, or its beginning and an ellipsis."""
    return text if len(text) <= longest else text[: longest - len(_CUT)] + _CUT
