from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner
from support.tiny_study import COMMAND

from harness.cli.new_plugin import KINDS, write_plugin
from harness.errors import HarnessError
from harness.pipeline import validate
from harness.testing import CHECKS


def test_a_new_plugin_is_a_package_with_an_entry_point_a_study_and_a_test(tmp_path: Path) -> None:
    paths = write_plugin("soft-loss", kind="loss", folder=tmp_path)
    assert {str(path.relative_to(tmp_path)) for path in paths} == {
        "soft-loss/pyproject.toml",
        "soft-loss/soft_loss/__init__.py",
        "soft-loss/soft_loss/py.typed",
        "soft-loss/study.yaml",
        "soft-loss/tests/test_soft_loss.py",
    }
    project = tomllib.loads((tmp_path / "soft-loss" / "pyproject.toml").read_text())
    assert project["project"]["entry-points"]["harness"] == {"soft_loss": "soft_loss"}


def test_there_is_a_kind_for_every_slot() -> None:
    assert {f"check_{kind}" for kind in KINDS} == {check.__name__ for check in CHECKS.values()}


@pytest.mark.parametrize("kind", KINDS)
def test_its_own_tests_pass_and_its_study_has_no_fault(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, module = tmp_path / f"new-{kind}", f"new_{kind}"
    write_plugin(root.name, kind=kind, folder=tmp_path)
    monkeypatch.syspath_prepend(root)
    names: dict[str, object] = {}
    source = (root / "tests" / f"test_{module}.py").read_text()
    exec(compile(source, f"test_{module}.py", "exec"), names)  # noqa: S102 - written just now
    tests = {name: test for name, test in names.items() if name.startswith("test_")}
    assert len(tests) == 2
    for test in tests.values():
        assert callable(test)
        test()
    assert validate(root / "study.yaml") == ()
    text = (root / "study.yaml").read_text()
    assert len(re.findall(rf"\b{module}\b", text)) == 2  # the file is named, and what it offers


@pytest.mark.faults
@pytest.mark.parametrize("kind", KINDS)
def test_its_study_runs(kind: str, tmp_path: Path) -> None:
    write_plugin(f"new-{kind}", kind=kind, folder=tmp_path)
    done = subprocess.run(
        [*COMMAND, "run", "study.yaml"],
        check=False,
        cwd=tmp_path / f"new-{kind}",
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "report: results/study/report.html" in done.stdout


@pytest.mark.parametrize(
    "name", ["Loss", "my loss", "../x", "-x", "x-", "3", "", "class", "off", "torch"]
)
def test_a_name_that_no_package_can_have_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(HarnessError, match=f"{name!r} cannot be a plugin's name"):
        write_plugin(name, kind="loss", folder=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_exists_is_not_overwritten(tmp_path: Path) -> None:
    from harness.cli import main

    words = ["new", "plugin", "mine", "--folder", str(tmp_path)]
    first = CliRunner().invoke(main, words)
    assert first.exit_code == 0
    assert str(tmp_path / "mine" / "mine" / "__init__.py") in first.output.splitlines()
    again = CliRunner().invoke(main, words)
    assert again.exit_code == 2
    assert "exists already" in again.output
