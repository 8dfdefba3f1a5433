from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from harness.cli.new_plugin import write_plugin
from harness.errors import HarnessError


def test_a_new_plugin_is_a_package_with_an_entry_point_and_a_test(tmp_path: Path) -> None:
    files = {str(path.relative_to(tmp_path)) for path in write_plugin("soft-loss", folder=tmp_path)}
    assert files == {
        "soft-loss/pyproject.toml",
        "soft-loss/soft_loss/__init__.py",
        "soft-loss/soft_loss/py.typed",
        "soft-loss/tests/test_soft_loss.py",
    }
    project = tomllib.loads((tmp_path / "soft-loss" / "pyproject.toml").read_text())
    assert project["project"]["entry-points"]["harness"] == {"soft_loss": "soft_loss"}


def test_its_own_tests_pass_and_are_about_its_loss(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_plugin("soft-loss", folder=tmp_path)
    monkeypatch.syspath_prepend(tmp_path / "soft-loss")
    names: dict[str, object] = {}
    source = (tmp_path / "soft-loss" / "tests" / "test_soft_loss.py").read_text()
    exec(compile(source, "test_soft_loss.py", "exec"), names)  # noqa: S102 - written just now
    tests = {name: test for name, test in names.items() if name.startswith("test_")}
    assert len(tests) == 2
    for test in tests.values():
        assert callable(test)
        test()


@pytest.mark.parametrize("name", ["Loss", "my loss", "../x", "-x", "x-", "3", ""])
def test_a_name_that_no_package_can_have_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(HarnessError, match=f"{name!r} cannot be a plugin's name"):
        write_plugin(name, folder=tmp_path)
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
