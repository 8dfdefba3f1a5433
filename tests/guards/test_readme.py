"""README.md fits a screen; the page on studies shows a valid one, and a component that works."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest
import torch
from click.testing import CliRunner

from harness.contracts import Setting

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGE = (ROOT / "docs" / "study.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    """The page's first block of code in a language."""
    first, *_ = re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    return str(first)


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The page's file plugin, imported."""
    path = tmp_path / "my_loss.py"
    path.write_text(block("python"), encoding="utf-8")
    spec = importlib.util.spec_from_file_location("my_loss", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "my_loss", module)
    spec.loader.exec_module(module)
    return module


def test_the_readme_fits_a_screen_and_begins_with_two_commands() -> None:
    assert len(README.splitlines()) <= 60
    commands = re.findall(r"^\$ (.*)$", README, re.MULTILINE)
    assert commands[0].endswith("harness run studies/ablation.yaml")
    assert commands[1:] == ["pip install tox && tox"]


def test_the_component_is_focal_loss(plugin: ModuleType) -> None:
    (focal,) = plugin.harness_losses()
    setting = Setting(seed=1, classes=2, d_model=2, updates=1)
    logits = torch.log(torch.tensor([[0.75, 0.25], [0.5, 0.5]], dtype=torch.float64))
    loss = focal(gamma=2.0).build(setting)(logits, torch.tensor([0, 1]))
    expected = -(0.25**2) * torch.log(torch.tensor(0.75)) - 0.25 * torch.log(torch.tensor(0.5))
    assert loss.item() == pytest.approx(expected.item(), rel=1e-6)


def test_the_study_is_valid_and_may_name_the_component(tmp_path: Path) -> None:
    from harness.cli import main

    (tmp_path / "my_loss.py").write_text(block("python"), encoding="utf-8")
    study = block("yaml").replace("{loss: cross_entropy}", "{loss: {focal: {gamma: 1.0}}}")
    (tmp_path / "study.yaml").write_text(f"plugins: [./my_loss.py]\n{study}", encoding="utf-8")
    done = CliRunner().invoke(main, ["validate", str(tmp_path / "study.yaml")])
    assert done.exit_code == 0, done.output


def test_the_study_is_the_first_command_s() -> None:
    shown = [line for line in block("yaml").splitlines() if line.strip()]
    written = (ROOT / "studies" / "ablation.yaml").read_text(encoding="utf-8").splitlines()
    code = [line.split(" #")[0].rstrip() for line in written if not line.lstrip().startswith("#")]
    assert shown == [line for line in code if line]
