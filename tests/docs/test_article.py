"""The page on the article: its figures are drawn by the commands that it gives."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from harness.cli import main

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "article.md").read_text(encoding="utf-8")
COMMANDS = sorted(set(re.findall(r"`harness (figure [^`]*)`", PAGE)))
# They need a trained run, which tests/introspection has.
AFTER_TRAINING = ("figure exposure_bias RUN", "figure gradient_norms STUDY")


def test_a_section_says_and_tries() -> None:
    sections = re.split(r"^### ", PAGE, flags=re.MULTILINE)[1:]
    assert len(sections) >= 20
    without = [
        section.partition("\n")[0]
        for section in sections
        if "**It says**" not in section or "**Try it:**" not in section
    ]
    assert without == []


def test_every_study_of_the_article_is_on_the_page() -> None:
    studies = {path.name for path in (ROOT / "studies" / "article").glob("*.yaml")}
    assert {name for name in studies if f"studies/article/{name}" not in PAGE} == set()


@pytest.mark.parametrize("command", [c for c in COMMANDS if c not in AFTER_TRAINING])
def test_a_figure_is_drawn_by_its_command(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    picture = tmp_path / "picture.svg"
    done = CliRunner().invoke(main, [*shlex.split(command), "--out", str(picture)])
    assert done.exit_code == 0, done.output
    assert picture.stat().st_size > 5_000
