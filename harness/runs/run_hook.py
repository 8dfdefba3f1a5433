"""The call of the hook `harness_run`, whose errors name the plugin that they came from."""

from __future__ import annotations

from pathlib import Path

from harness.contracts import Run
from harness.errors import HarnessError, PluginError
from harness.registry.attribution import naming_plugins, plugin_at_fault
from harness.registry.discovery import CORE, Plugins
from harness.runs import records
from harness.runs.records import RunIdentity


def call_hook(core: object, *, path: Path, plugins: Plugins) -> Run:
    """Carry out a run by the hook `harness_run`, which `core` implements last."""
    # As a plugin like any other, so that others can wrap the run, or carry it out in its place.
    plugins.registry.register(core, name=CORE)
    seed = records.require(path / "run.json", kind=RunIdentity).seed
    run = Run(seed, path.name, path)
    try:
        with naming_plugins(plugins):
            plugins.registry.hook.harness_run(run=run)
    except HarnessError:
        raise
    except Exception as error:
        plugin_fault = plugin_at_fault(plugins, error=error)
        if plugin_fault:
            raise PluginError(str(plugin_fault)) from error
        raise
    return run
