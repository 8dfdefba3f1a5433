from __future__ import annotations

from support.random_model import build, forward, noise, source, target

__all__ = ["build", "forward", "noise", "source", "target"]
