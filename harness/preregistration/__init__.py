"""What a study will do and can show, said before it does: the answer of `harness plan`."""

from __future__ import annotations

from harness.preregistration.contents import Preregistration, preregister, unequal_misfits
from harness.preregistration.resolution import Wish, resolution
from harness.preregistration.wording import as_json, as_text

__all__ = [
    "Preregistration",
    "Wish",
    "as_json",
    "as_text",
    "preregister",
    "resolution",
    "unequal_misfits",
]
