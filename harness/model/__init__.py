"""The encoder-decoder Transformer behind the `Model` surface, and the table of its sites."""

from __future__ import annotations

from harness.model.ensemble import Ensemble
from harness.model.projection import merged
from harness.model.sites import TABLE, SiteKind, every_site
from harness.model.transformer import Transformer

__all__ = ["TABLE", "Ensemble", "SiteKind", "Transformer", "every_site", "merged"]
