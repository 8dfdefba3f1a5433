"""The wheel: every package and nothing else, found through its entry point, pinned."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PLUGINS = {folder.parent.name for folder in (ROOT / "plugins").glob("*/__init__.py")}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The files in a wheel built from a copy of the checkout, where nothing was built before."""
    copy = tmp_path_factory.mktemp("wheel") / "checkout"
    kept = shutil.ignore_patterns(".*", "build", "*.egg-info", "__pycache__", "results", "venv")
    shutil.copytree(ROOT, copy, ignore=kept)
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*build, "--wheel-dir", copy.parent, copy], check=True)
    (built,) = copy.parent.glob("*.whl")
    with zipfile.ZipFile(built) as archive:
        return set(archive.namelist())


def test_a_wheel_installs_harness_and_its_plugin_packages_only(wheel: set[str]) -> None:
    tops = {name.split("/")[0] for name in wheel}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"harness", *PLUGINS}


def test_a_wheel_holds_every_module_template_and_type_marker(wheel: set[str]) -> None:
    wanted = {
        str(path.relative_to(base))
        for base in (ROOT, ROOT / "plugins")
        for top in base.glob("harness*")
        for pattern in ("*.py", "*.j2", "py.typed")
        for path in top.rglob(pattern)
        if not top.name.endswith(".egg-info")
    }
    assert wanted - wheel == set()


@pytest.mark.parametrize("package", ["harness", *sorted(PLUGINS)])
def test_every_package_is_typed(wheel: set[str], package: str) -> None:
    assert f"{package}/py.typed" in wheel


def test_every_folder_of_plugins_is_a_package_with_an_entry_point() -> None:
    folders = {path.name for path in (ROOT / "plugins").glob("harness*") if any(path.glob("*.py"))}
    entry_points = PROJECT["project"]["entry-points"]["harness"]
    assert folders == PLUGINS == set(entry_points.values())
    assert {f"harness_{name}" for name in entry_points} == PLUGINS


def test_plugins_is_a_folder_and_not_a_package() -> None:
    assert not (ROOT / "plugins" / "__init__.py").exists()


def requirements() -> list[Requirement]:
    """Everything that the project asks for by name."""
    extras = PROJECT["project"]["optional-dependencies"]
    groups = [*PROJECT["dependency-groups"].values(), *extras.values()]
    named = [
        requirement for group in groups for requirement in group if isinstance(requirement, str)
    ]
    asked = [*PROJECT["build-system"]["requires"], *PROJECT["project"]["dependencies"], *named]
    return [Requirement(requirement) for requirement in asked]


@pytest.mark.parametrize("requirement", requirements(), ids=str)
def test_what_is_asked_for_is_pinned_within_its_range(requirement: Requirement) -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = dict(line.split("==") for line in lines if "==" in line and not line.startswith("#"))
    assert pins[canonicalize_name(requirement.name)] in requirement.specifier


def test_versions_agree() -> None:
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"## {PROJECT['project']['version']}" in changes
