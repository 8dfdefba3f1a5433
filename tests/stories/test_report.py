"""The report of a study that has ended."""

from __future__ import annotations

from pathlib import Path

from support.tiny_study import Harness

FIGURES = ("cost", "forest", "learning_curves", "slopes")


def test_a_study_ends_with_a_page_and_its_figures_which_are_drawn_once(
    study: Path, harness: Harness
) -> None:
    study.write_text(study.read_text().replace("figures: []\n", ""))
    done = harness("run", study)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "report: results/tiny/report.html"
    folder = study.parent / "results" / "tiny"
    pictures = sorted((folder / "figures").iterdir())
    assert [path.name for path in pictures] == [
        f"{name}.{form}" for name in FIGURES for form in ("png", "svg")
    ]
    page = (folder / "report.html").read_text()
    # The forest plot is the picture at the top: an axis, and a row for the variant.
    assert page.count("<svg") == len(FIGURES) - 1 + 1 + 1
    assert "Does a tiny model need its dropout?" in page

    written = {path: path.stat().st_mtime_ns for path in (*pictures, folder / "report.html")}
    assert harness("report", study).returncode == 0
    assert {path: path.stat().st_mtime_ns for path in written} == written


BROKEN = """
from dataclasses import dataclass
from harness.components import Figure
from harness.hookspecs import hookimpl

@dataclass(frozen=True, kw_only=True)
class Broken(Figure):
    name = "broken"

    def build(self):
        raise OSError("no paper")

@hookimpl
def harness_figures():
    return [Broken]
"""


def test_a_figure_that_raises_is_named_and_costs_nothing_else(
    study: Path, harness: Harness
) -> None:
    (study.parent / "broken.py").write_text(BROKEN)
    text = study.read_text().replace("figures: []", "figures: [broken]\nplugins: [./broken.py]")
    study.write_text(text)
    done = harness("run", study)
    assert done.returncode == 0
    assert (
        "hook harness_figures: figure broken: raised OSError: no paper (broken.py, line 11)\n"
        in done.stderr
    )
    assert "figure broken" in (study.parent / "results" / "tiny" / "report.html").read_text()
