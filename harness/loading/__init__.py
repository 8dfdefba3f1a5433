"""YAML to a study: every name, type and range checked, all faults at once, each with its place."""

from __future__ import annotations

from harness.loading.studies import load

__all__ = ["load"]
