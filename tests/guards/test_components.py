"""The components of the project's own plugins: named, documented, a file each, light to import."""

from __future__ import annotations

import importlib
import inspect
import re
import subprocess
import sys
from collections import Counter
from dataclasses import fields
from pathlib import Path

import pytest

from harness.components import BASES, Component
from harness.contracts import Setting

PLUGINS = Path(__file__).parents[2] / "plugins"
HEAVY = ("torch", "scipy", "sacrebleu", "matplotlib", "pandas", "seaborn", "mlflow")


def offered() -> list[type[Component]]:
    """Every component that a package under ``plugins/`` offers through a supply hook."""
    modules = [
        importlib.import_module(folder.parent.name) for folder in PLUGINS.glob("*/__init__.py")
    ]
    return [
        component
        for base in BASES
        for module in modules
        if hasattr(module, base.hook)
        for component in getattr(module, base.hook)()
    ]


COMPONENTS = sorted(offered(), key=lambda component: (component.slot, component.name))


def summary(component: type[Component]) -> str:
    """The first line of a component's own docstring."""
    return inspect.cleandoc(component.__dict__.get("__doc__") or "").partition("\n")[0]


every_component = pytest.mark.parametrize(
    "component", COMPONENTS, ids=lambda component: f"{component.slot}-{component.name}"
)


def test_names_are_unique_in_their_slot() -> None:
    counts = Counter((component.slot, component.name) for component in COMPONENTS)
    assert [name for name, count in counts.items() if count > 1] == []


@every_component
def test_options_never_repeat_the_setting(component: type[Component]) -> None:
    if "setting" in inspect.signature(component.build).parameters:
        options = {option.name for option in fields(component)}
        assert options & {fact.name for fact in fields(Setting)} == set()


@every_component
def test_the_summary_is_one_line_that_stands_alone(component: type[Component]) -> None:
    line = summary(component)
    assert 0 < len(line) <= 100
    assert line.endswith(".")
    assert not line.startswith(component.__name__ + "(")


@every_component
def test_a_technique_has_a_file_named_after_it(component: type[Component]) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9_]*", component.name)
    assert component.name in component.__module__.split(".")[1:]


@every_component
def test_a_component_is_a_frozen_value(component: type[Component]) -> None:
    parameters = component.__dataclass_params__
    assert parameters.frozen
    assert all(option.kw_only for option in fields(component))
    assert not inspect.isabstract(component)


@every_component
def test_a_bare_value_fills_an_option_that_exists(component: type[Component]) -> None:
    assert component.bare is None or component.bare in {option.name for option in fields(component)}


def test_plugins_load_nothing_heavy_until_it_is_used() -> None:
    packages = sorted(folder.parent.name for folder in PLUGINS.glob("*/__init__.py"))
    code = (
        f"import sys; sys.path[:0] = {[str(PLUGINS.parent), str(PLUGINS)]!r}\n"
        "from harness.cli.lazy_imports import defer\ndefer('torch')\n"
        f"import {', '.join(packages)}\n"
        f"print(*(name for name in {HEAVY!r} if '__file__' in vars(sys.modules.get(name, object))))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.split() == []
