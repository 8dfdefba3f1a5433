"""What a study will do and can show, said before it does: the answer of `harness plan`."""

from __future__ import annotations

from harness.preregistration.contents import Preregistration, idle, preregister, refuse_unequal
from harness.preregistration.resolution import Wish, resolution
from harness.preregistration.wording import as_json, as_text

__all__ = [
    "Preregistration",
    "Wish",
    "as_json",
    "as_text",
    "idle",
    "preregister",
    "refuse_unequal",
    "resolution",
]
