from __future__ import annotations

from support.random_model import build

__all__ = ["build"]
