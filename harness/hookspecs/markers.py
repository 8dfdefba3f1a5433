"""The markers of hooks: `hookspec` for a specification, `hookimpl` for an implementation."""

from __future__ import annotations

import pluggy

hookspec = pluggy.HookspecMarker("harness")
hookimpl = pluggy.HookimplMarker("harness")
