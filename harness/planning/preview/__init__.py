"""The preview of a study: its runs, and the effects that they can show, before any is trained."""

from __future__ import annotations

from harness.planning.preview.power import PowerQuestion, resolution
from harness.planning.preview.preview import (
    Preregistration,
    no_effect_warnings,
    preregister,
    refuse_unbuildable,
    refuse_unequal,
)
from harness.planning.preview.text import preview_json, preview_text

__all__ = [
    "PowerQuestion",
    "Preregistration",
    "no_effect_warnings",
    "preregister",
    "preview_json",
    "preview_text",
    "refuse_unbuildable",
    "refuse_unequal",
    "resolution",
]
