"""Every hook of the program, one file per phase: the manual for plugin authors.

A plugin is a module whose functions are marked with ``harness.hookspecs.hookimpl`` and named after
a hook of one of the phases, `supply`, `carry_out` and `observe`. It is found by its entry point
(group ``harness``) or named by a study (``plugins: [./my_loss.py]``). An implementation takes only
the arguments that it needs. No hook is called inside a forward or a backward pass.
"""

from __future__ import annotations

from types import ModuleType

from harness.hookspecs import carry_out, observe, supply
from harness.hookspecs.markers import hookimpl as hookimpl
from harness.hookspecs.markers import hookspec as hookspec

PHASES: tuple[ModuleType, ...] = (supply, carry_out, observe)

# Specifications are added to this module and not listed again, so that a new one is written once.
for _phase in PHASES:
    _hooks = {name: hook for name, hook in vars(_phase).items() if name.startswith("harness_")}
    globals().update(_hooks)
