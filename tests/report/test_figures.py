from __future__ import annotations

import os
import re
import subprocess
import sys
import warnings
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from matplotlib.figure import Figure as Drawn
from support import report_views

from harness.components import Figure
from harness.contracts import Draw, ReportView
from harness.errors import HarnessError
from harness.report import draw
from harness.report.style import inline, style


@dataclass(frozen=True, kw_only=True)
class Plain(Figure):
    """A line, drawn
    in black.
    """

    name = "plain"
    height: float = 1.0

    def build(self) -> Draw:
        return self._draw

    def _draw(self, view: ReportView) -> Drawn:
        drawn = Drawn(figsize=(1, 1))
        axes = drawn.subplots()
        axes.plot([0, 1], [0, self.height], "o-", color="#000000", markeredgecolor="#ffffff")
        axes.set_title("<b> & $x$ \"'")
        return drawn


class Broken(Plain):
    """Never drawn."""

    name = "broken"

    def build(self) -> Draw:
        raise RuntimeError("no\npaper")


VIEW = report_views.view(variants=1, seeds=2)


def dated(folder: Path) -> None:
    """Make every file an old one."""
    for path in folder.iterdir():
        os.utime(path, (1, 1))


def drawn_again(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if path.stat().st_mtime > 1}


def test_a_picture_is_a_png_and_an_svg_with_its_caption(tmp_path: Path) -> None:
    (drawing,) = draw([Plain()], view=VIEW, folder=tmp_path / "figures")
    assert drawing == ("plain", "A line, drawn in black.", tmp_path / "figures" / "plain.svg", None)
    assert {path.name for path in (tmp_path / "figures").iterdir()} == {"plain.png", "plain.svg"}


def test_it_is_drawn_again_when_numbers_or_options_changed_and_only_then(tmp_path: Path) -> None:
    def again(figure: Figure, view: ReportView) -> set[str]:
        dated(tmp_path)
        list(draw([figure], view=view, folder=tmp_path))
        return drawn_again(tmp_path)

    list(draw([Plain()], view=VIEW, folder=tmp_path))
    both = {"plain.png", "plain.svg"}
    assert again(Plain(), VIEW) == set()
    assert again(Plain(height=2.0), VIEW) == both
    assert again(Plain(height=2.0), VIEW) == set()
    changed = replace(VIEW.runs[0], scores={"bleu": 31.5})
    assert again(Plain(height=2.0), replace(VIEW, runs=(changed, *VIEW.runs[1:]))) == both
    (tmp_path / "plain.png").unlink()
    assert again(Plain(), VIEW) == both


def test_what_is_drawn_twice_is_the_same_to_the_byte(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        list(draw([Plain()], view=VIEW, folder=tmp_path / folder))
    for name in ("plain.svg", "plain.png"):
        one, two = ((tmp_path / folder / name).read_bytes() for folder in ("one", "two"))
        assert one == two


def test_a_figure_that_raises_is_named_and_the_others_are_drawn(tmp_path: Path) -> None:
    broken, plain = draw([Broken(), Plain()], view=VIEW, folder=tmp_path)
    assert broken.svg is None
    assert str(broken.fault) == "figure broken: raised RuntimeError: no paper"
    assert plain.svg


AGAIN = """
import sys
from pathlib import Path
from harness.cli.lazy_imports import defer
defer("torch")
from support import report_views
from harness.report import draw
from harness_figures import harness_figures
figures = [component() for component in harness_figures()]
view = report_views.view(variants=1, seeds=2)
before = set(sys.modules)
assert all(drawing.svg for drawing in draw(figures, view=view, folder=Path(sys.argv[1])))
print(*sorted({"matplotlib.backends.backend_svg", "seaborn"} & (set(sys.modules) - before)))
"""


def test_that_nothing_changed_is_known_without_what_draws(tmp_path: Path) -> None:
    def loaded() -> list[str]:
        words = [sys.executable, "-c", AGAIN, str(tmp_path)]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        done = subprocess.run(words, env=environment, check=True, capture_output=True, text=True)
        return done.stdout.split()

    assert loaded() == ["matplotlib.backends.backend_svg", "seaborn"]
    dated(tmp_path)
    assert loaded() == []
    assert drawn_again(tmp_path) == set()


# --- in a page ----------------------------------------------------------------------------------


def element(folder: Path, *, name: str = "plain") -> str:
    (drawing,) = draw([Plain()], view=VIEW, folder=folder)
    assert drawing.svg
    return inline(drawing.svg.read_text("utf-8"), name=name, title="Plain", caption="A line.")


def test_black_and_white_become_the_page_s_own(tmp_path: Path) -> None:
    svg = element(tmp_path)
    assert "currentColor" in svg
    assert "var(--page)" in svg
    assert "#000000" not in svg
    assert "#ffffff" not in svg


def test_two_figures_on_a_page_share_no_id(tmp_path: Path) -> None:
    one, two = (element(tmp_path, name=name) for name in ("one", "two"))
    ids = [set(re.findall(r'\bid="([^"]+)"', svg)) for svg in (one, two)]
    assert ids[0]
    assert ids[0] & ids[1] == set()
    for svg, own in zip((one, two), ids, strict=True):
        asked = {a or b for a, b in re.findall(r'url\(#([^)]+)\)|href="#([^"]+)"', svg)}
        assert asked
        assert asked <= own


def test_text_is_text_and_nothing_else(tmp_path: Path) -> None:
    svg = element(tmp_path)
    assert "&lt;b&gt; &amp; $x$" in svg
    assert "<b>" not in svg


@pytest.mark.parametrize("text", ["漢字漢", "नमन", "a한b", "größe λ"])
def test_letters_that_the_font_lacks_are_named_in_one_line(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lacking = dict.fromkeys(letter for letter in text if ord(letter) > 0x800)
    with style("slopes"):
        drawn = Drawn(figsize=(1, 1))
        drawn.subplots().set_title(text)
        drawn.savefig(tmp_path / "slopes.png")
        drawn.savefig(tmp_path / "slopes.svg")
    line = f"warning: figure slopes: the font has no {', '.join(lacking)}; boxes in PNG and PDF"
    assert capsys.readouterr().err == (f"{line}, text in SVG\n" if lacking else "")
    assert text in (tmp_path / "slopes.svg").read_text(encoding="utf-8")


def test_other_warnings_while_drawing_pass() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with style("slopes"):
            warnings.warn("look here", UserWarning, stacklevel=1)
    assert [str(warning.message) for warning in caught] == ["look here"]


class Other(Plain):
    """Another one."""

    name = "other"


class Uninstalled(Plain):
    """A figure that needs what is not there."""

    name = "uninstalled"

    def build(self) -> Draw:
        raise HarnessError("paper is not installed")


def test_a_figure_that_fails_in_any_way_spoils_no_other(tmp_path: Path) -> None:
    (tmp_path / "broken.svg").mkdir()
    (tmp_path / "plain.png").mkdir()
    figures = [Uninstalled(), Broken(), Plain(), Other()]
    *failed, last = draw(figures, view=VIEW, folder=tmp_path)
    assert [str(drawing.fault) for drawing in failed[:2]] == [
        "figure uninstalled: paper is not installed",
        "figure broken: raised RuntimeError: no paper",
    ]
    assert "IsADirectoryError" in str(failed[2].fault)  # where the file should go
    assert last.fault is None


@pytest.mark.parametrize(
    "backend", ["module://matplotlib_inline.backend_inline", "TkAgg", "no such backend"]
)
def test_the_backend_of_somebody_else_has_no_say(tmp_path: Path, backend: str) -> None:
    code = """
import sys
from pathlib import Path
from support import report_views
from harness.report import draw
from harness_figures import Forest, LearningCurves
view = report_views.view(variants=1, seeds=2)
for drawing in draw([Forest(), LearningCurves()], view=view, folder=Path(sys.argv[1])):
    print(drawing.fault)
"""
    environment = {**os.environ, "MPLBACKEND": backend}
    environment["PYTHONPATH"] = os.pathsep.join(sys.path)
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("None\nNone\n", "")
    assert {path.name for path in tmp_path.glob("*.png")} == {"forest.png", "learning_curves.png"}
