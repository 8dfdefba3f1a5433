"""Translations and drawings of a trained model, and drawings of losses, schedules and sites.

The numbers come from the components and the model itself. Each module computes them apart from the
drawing, so that tests can compare them with an oracle.
"""

from __future__ import annotations
