"""What a study will do and can show, said before it does: the answer of `harness plan`."""

from __future__ import annotations

from harness.planning.preview.power import PowerQuestion, resolution
from harness.planning.preview.preview import Preregistration, idle, preregister, refuse_unequal
from harness.planning.preview.text import as_json, as_text

__all__ = [
    "PowerQuestion",
    "Preregistration",
    "as_json",
    "as_text",
    "idle",
    "preregister",
    "refuse_unequal",
    "resolution",
]
