"""The installed files: every package and nothing else, with entry points and pinned versions."""

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
from support.checkout import is_environment

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PLUGINS = {folder.parent.name for folder in (ROOT / "plugins").glob("*/__init__.py")}


BUILT = shutil.ignore_patterns(".*", "build", "*.egg-info", "__pycache__", "results")


def left_out(folder: str, names: list[str]) -> set[str]:
    """What is in a folder of the checkout and not part of the project."""
    environments = {name for name in names if is_environment(Path(folder, name))}
    return {*BUILT(folder, names), *environments}


def test_a_virtual_environment_of_any_name_is_left_out(tmp_path: Path) -> None:
    for name in ("venv/pyvenv.cfg", "py311/pyvenv.cfg", "conda/conda-meta/history", "docs/a.md"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).touch()
    names = ["venv", "py311", "conda", "docs", "results", ".git"]
    assert left_out(str(tmp_path), names) == {*names} - {"docs"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The files in a wheel built from a copy of the checkout, without earlier builds."""
    copy = tmp_path_factory.mktemp("wheel") / "checkout"
    shutil.copytree(ROOT, copy, ignore=left_out)
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*build, "--wheel-dir", copy.parent, copy], check=True)
    (built,) = copy.parent.glob("*.whl")
    with zipfile.ZipFile(built) as archive:
        return set(archive.namelist())


def test_a_wheel_installs_harness_and_its_plugin_packages_only(wheel: set[str]) -> None:
    tops = {name.split("/")[0] for name in wheel}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"harness", *PLUGINS}


def test_a_wheel_holds_every_module_template_and_type_marker(wheel: set[str]) -> None:
    expected = {
        str(path.relative_to(base))
        for base in (ROOT, ROOT / "plugins")
        for top in base.glob("harness*")
        for pattern in ("*.py", "*.j2", "py.typed")
        for path in top.rglob(pattern)
        if not top.name.endswith(".egg-info")
    }
    assert expected - wheel == set()


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
    """All the requirements of the project: to build, to run and to develop it."""
    extras = PROJECT["project"]["optional-dependencies"]
    groups = [*PROJECT["dependency-groups"].values(), *extras.values()]
    named = [line for group in groups for line in group if isinstance(line, str)]
    required = [*PROJECT["build-system"]["requires"], *PROJECT["project"]["dependencies"], *named]
    return [Requirement(line) for line in required]


@pytest.mark.parametrize("requirement", requirements(), ids=str)
def test_every_requirement_is_pinned_within_its_range(requirement: Requirement) -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = dict(line.split("==") for line in lines if "==" in line and not line.startswith("#"))
    assert pins[canonicalize_name(requirement.name)] in requirement.specifier


def test_versions_agree() -> None:
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"## {PROJECT['project']['version']}" in changes
