from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest
from support.tiny_study import TINY

from harness.introspection.draw_curves import Curve, draw_curves
from harness.introspection.schedule_curves import curve, study_curves
from harness.loading import load
from harness.report.style import style
from harness_decays.exponential import Exponential
from harness_decays.inverse_sigmoid import InverseSigmoid
from harness_decays.linear import Linear
from harness_schedules.noam import Noam


def test_noam_peaks_where_the_paper_s_does() -> None:
    noam = curve("noam", part=Noam(warmup=4000), updates=6000, d_model=512)
    peak = max(range(6000), key=noam.y.__getitem__)
    assert noam.x[peak] == 4000
    assert noam.y[peak] == pytest.approx(6.98771e-4, rel=1e-6)
    assert (noam.x[0], noam.x[-1], len(noam.y)) == (1, 6000, 6000)


def test_a_wider_model_has_a_lower_rate() -> None:
    wide, narrow = (
        curve("noam", part=Noam(warmup=10), updates=20, d_model=width).y for width in (512, 128)
    )
    assert [low / high for low, high in zip(wide, narrow, strict=True)] == pytest.approx([0.5] * 20)


def test_decays_are_those_of_scheduled_sampling_s_paper() -> None:
    linear = curve("linear", part=Linear(), updates=101).y
    assert linear == pytest.approx([1 - i / 100 for i in range(101)])
    exponential = curve("exponential", part=Exponential(base=0.9), updates=5).y
    assert exponential == pytest.approx([0.9**i for i in range(1, 6)])
    sigmoid = curve("sigmoid", part=InverseSigmoid(k=5.0), updates=30).y
    assert sigmoid == pytest.approx([5 / (5 + math.exp(i / 5)) for i in range(1, 31)])


def test_variants_with_equal_rates_share_a_curve(tmp_path: Path) -> None:
    (tmp_path / "tiny.yaml").write_text(
        TINY.replace(
            "  no-dropout: {",
            "  flat: {schedule: {constant: {learning_rate: 0.5}}, budget: {updates: 3}}\n"
            "  no-dropout: {",
        )
    )
    study, _ = load(tmp_path / "tiny.yaml")
    together, flat = study_curves(study)
    assert (together.name, flat.name) == ("baseline, no-dropout", "flat")
    assert len(together.y) == 12
    assert max(range(12), key=together.y.__getitem__) == 9
    assert max(together.y) == pytest.approx((16 * 10) ** -0.5)
    assert (list(flat.x), list(flat.y)) == ([1, 2, 3], [0.5, 0.5, 0.5])
    short = replace(study, variants={"flat": study.variants["flat"]})
    assert [drawn.name for drawn in study_curves(short)] == ["flat"]


def test_the_drawing_has_every_value_and_names_its_axes() -> None:
    curves = [Curve("up", range(1, 4), [1.0, 2.0, 3.0]), Curve("down", range(1, 3), [2.0, 1.0])]
    with style("curves"):
        drawn = draw_curves(curves, title="Both", x="update", y="learning rate")
    (axes,) = drawn.axes
    assert [[*line.get_ydata()] for line in axes.lines] == [[1.0, 2.0, 3.0], [2.0, 1.0]]
    assert (axes.get_title(), axes.get_xlabel(), axes.get_ylabel()) == (
        "Both",
        "update",
        "learning rate",
    )
    (legend,) = drawn.legends
    assert [text.get_text() for text in legend.get_texts()] == ["up", "down"]
    styles = {(line.get_color(), line.get_linestyle()) for line in axes.lines}
    assert len(styles) == 2
