"""Imports that cost nothing until they are used, so that checking a study need not load torch."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from types import ModuleType


class _Deferred(ModuleType):
    """Stands in `sys.modules` for a package, and gives way to it at the first attribute read."""

    def __getattr__(self, name: str) -> object:
        package = self.__name__
        if sys.modules.get(package) is self:
            del sys.modules[package]
        return getattr(importlib.import_module(package), name)


def defer(package: str) -> None:
    """Make ``import package`` free from here on; does nothing if it is loaded or not installed."""
    spec = None if package in sys.modules else importlib.util.find_spec(package)
    if spec is not None:
        stand_in = _Deferred(package)
        stand_in.__spec__ = spec
        sys.modules[package] = stand_in
