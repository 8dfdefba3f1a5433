"""What every figure keeps to, whatever it is given."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import views

from harness.components import Figure
from harness.contracts import Design, Factorial, Level, ReportView, Sweep
from harness.report import draw
from harness_figures import harness_figures

ONE = [("one", seed) for seed in (1, 2, 3)]
BASELINE = [("baseline", seed) for seed in (1, 2, 3)]
SWEEP = Sweep(option="model.layers", levels=(Level(1, "one"), Level(100, "two")))
FACTORIAL = Factorial(
    factors={"A": ("baseline", "high"), "B": ("baseline", "low")},
    cells={
        "baseline": {"A": "baseline", "B": "baseline"},
        "one": {"A": "high", "B": "baseline"},
        "two": {"A": "baseline", "B": "low"},
        "three": {"A": "high", "B": "low"},
    },
)
VIEWS: dict[str, ReportView] = {
    "two variants": views.view(),
    "one seed": views.view(seeds=1),
    "one variant": views.view(variants=1),
    "no variant": views.view(variants=0),
    "twelve variants": views.view(variants=12),
    "a run missing": views.view(missing=ONE[:1]),
    "a run diverged": views.view(diverged=ONE[:1]),
    "a variant diverged": views.view(diverged=ONE),
    "the baseline diverged": views.view(diverged=BASELINE),
    "a sweep": replace(views.view(), design=Design(sweep=SWEEP)),
    "a sweep not trained": replace(views.view(missing=BASELINE), design=Design(sweep=SWEEP)),
    "factors": replace(views.view(variants=3, diverged=ONE), design=Design(factorial=FACTORIAL)),
    "nothing trained": views.view(missing=[*BASELINE, *ONE, *(("two", s) for s in (1, 2, 3))]),
}


def figures() -> Iterator[Figure]:
    for component in harness_figures():
        yield component()


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_it_draws_whatever_it_is_given(view: ReportView, tmp_path: Path) -> None:
    for drawing in draw([*figures()], view=view, folder=tmp_path):
        assert drawing.fault is None
        assert drawing.svg == tmp_path / f"{drawing.name}.svg"
        assert drawing.svg.with_suffix(".png").read_bytes().startswith(b"\x89PNG")


def test_a_variant_is_named_in_text_that_can_be_read_and_searched(tmp_path: Path) -> None:
    others = {"trend", "interactions", "p_values"}  # which show values, levels and chance
    shown = [figure for figure in figures() if figure.name not in others]
    for drawing in draw(shown, view=VIEWS["two variants"], folder=tmp_path):
        assert drawing.svg
        texts = re.findall(r"<text[^>]*>([^<]*)<", drawing.svg.read_text("utf-8"))
        assert {"one", "two"} <= set(texts)


def test_a_caption_is_whole_sentences(tmp_path: Path) -> None:
    for figure in figures():
        assert re.fullmatch(r"[A-Z].*\.", " ".join((figure.__doc__ or "").split()))
