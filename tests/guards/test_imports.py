"""Imports between core and plugins: none in the core, and in plugins only the public modules.

Layers within the core: `lint-imports`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PLUGINS = {folder.parent.name for folder in (ROOT / "plugins").glob("*/__init__.py")}
PUBLIC = {"components", "contracts", "errors", "hookspecs", "notices", "prediction", "streams"}

# Executors start the worker, which trains one run.
EXECUTORS, WORKER = "harness_executors", "harness.runs.worker"

# Models are made of the building blocks.
MODELS, BLOCKS = "harness_models", "harness.model."


def imports(source: str) -> Iterator[str]:
    """Every module that a file may import, by its full name."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def fault(module: str, *, package: str) -> bool:
    """Check for a module that a plugin package must not import."""
    top, *inner = module.split(".")
    if top == "harness":
        by_executor = package == EXECUTORS and module.startswith(WORKER)
        by_model = package == MODELS and module.startswith(BLOCKS)
        return not (by_executor or by_model) and inner[0] not in PUBLIC
    return top in PLUGINS - {package}


def test_plugins_import_only_public_modules() -> None:
    faults = [
        f"{path.relative_to(ROOT)} imports {module}"
        for package in sorted(PLUGINS)
        for path in sorted((ROOT / "plugins" / package).rglob("*.py"))
        for module in imports(path.read_text(encoding="utf-8"))
        if fault(module, package=package)
    ]
    assert faults == []


def test_the_core_imports_no_plugin() -> None:
    faults = [
        f"{path.relative_to(ROOT)} imports {module}"
        for path in sorted((ROOT / "harness").rglob("*.py"))
        for module in imports(path.read_text(encoding="utf-8"))
        if module.split(".")[0] in PLUGINS
    ]
    assert faults == []


def test_a_forbidden_import_is_seen() -> None:
    source = """
import harness_losses.focal
from harness.components import Loss
from harness.runs import ledger, worker
from harness_schedules import noam
"""
    faults = [name for name in imports(source) if fault(name, package="harness_schedules")]
    assert faults == ["harness_losses.focal", "harness.runs.ledger", "harness.runs.worker"]
    assert not fault("harness.runs.worker", package="harness_executors")
    assert fault("harness.model.Attention", package="harness_executors")
    assert not fault("harness.model.Attention", package="harness_models")


def test_models_stand_in_their_package_alone() -> None:
    """The core knows a model by the base of all, and builds none itself."""
    places = {
        path.relative_to(ROOT).parts[1]
        for top in ("harness", "plugins")
        for path in sorted((ROOT / top).rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef)
        if any(isinstance(base, ast.Name) and base.id == "SequenceModel" for base in node.bases)
    }
    assert places == {MODELS}
