from __future__ import annotations

import pytest

from harness.contracts import Measurement
from harness.errors import HarnessError
from harness.introspection.draw_gradient_norms import draw_gradient_norms, norms_at
from harness.report.style import style


def rows(update: int, **norms: float) -> list[Measurement]:
    named = {name.replace("_", "."): norm for name, norm in norms.items()}
    return [
        Measurement(update, "train", "gradient_norm", 99.0),
        *(
            Measurement(update, "train", f"gradient_norm.{name}", norm)
            for name, norm in named.items()
        ),
    ]


RUNS = {
    "baseline": [
        rows(1, encoder_0=1.0, encoder_1=2.0) + rows(5, encoder_0=7.0),
        rows(1, encoder_0=3.0, encoder_1=4.0),
    ],
    "deep": [rows(1, encoder_0=0.0, encoder_1=10.0, encoder_2=100.0)],
    "diverged": [rows(1)],
}


def test_norms_are_means_over_the_runs_of_a_variant() -> None:
    assert norms_at(RUNS, update=1) == {
        "baseline": {"encoder.0": 2.0, "encoder.1": 3.0},
        "deep": {"encoder.0": 0.0, "encoder.1": 10.0, "encoder.2": 100.0},
    }
    assert norms_at(RUNS, update=5) == {"baseline": {"encoder.0": 7.0}}


def test_the_drawing_has_a_line_for_each_variant_over_all_layers() -> None:
    with style("norms"):
        (axes,) = draw_gradient_norms(RUNS, update=1, name="tiny").axes
    assert [tick.get_text() for tick in axes.get_xticklabels()] == [
        *("encoder.0", "encoder.1", "encoder.2")
    ]
    baseline, deep = axes.lines
    assert all("$" not in tick.get_text() for tick in axes.get_yticklabels())
    assert [*baseline.get_ydata()] == [2.0, 3.0]
    assert [*deep.get_xdata()] == [1, 2], "no logarithm of 0"
    assert axes.get_yscale() == "log"
    low, high = axes.get_ylim()
    assert low < 2
    assert high > 100


def test_what_was_not_measured_is_refused_with_a_way_out() -> None:
    with pytest.raises(HarnessError, match=r"budget: \{gradient_norms: true\}"):
        norms_at({"baseline": [rows(1)]}, update=1)
    with pytest.raises(HarnessError, match="at update 4; there are 1, 5"):
        norms_at(RUNS, update=4)
