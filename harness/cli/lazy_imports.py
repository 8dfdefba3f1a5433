"""Deferred imports: a package is loaded when it is first used."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from types import ModuleType


class _Deferred(ModuleType):
    """A stand-in for a package in `sys.modules`, which loads it at the first attribute read."""

    def __getattr__(self, name: str) -> object:
        package = self.__name__
        if sys.modules.get(package) is self:
            # Before the import, which would find the stand-in again.
            del sys.modules[package]
        return getattr(importlib.import_module(package), name)


def defer(package: str) -> None:
    """Defer the loading of a package; does nothing if it is loaded or not installed."""
    spec = None if package in sys.modules else importlib.util.find_spec(package)
    if spec is not None:
        stand_in = _Deferred(package)
        # Libraries look for one another by `find_spec`, which raises where this is None.
        stand_in.__spec__ = spec
        sys.modules[package] = stand_in
