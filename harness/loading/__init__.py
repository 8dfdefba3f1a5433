"""YAML to a study: every name, type and range checked, all faults at once, each with its place."""

from __future__ import annotations

from harness.loading.component_text import component
from harness.loading.names import VARIANT_NAME
from harness.loading.study_file import StudyKeys, load, plugins_named_in, refusal

__all__ = ["VARIANT_NAME", "StudyKeys", "component", "load", "plugins_named_in", "refusal"]
