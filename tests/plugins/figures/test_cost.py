from __future__ import annotations

import pytest
from support import report_views
from support.report_views import Draws

from harness_figures.cost import Against, Cost


@pytest.mark.parametrize(
    ("against", "costs", "label"),
    [
        ("seconds", [11, 14, 19], "seconds of training"),
        ("target_tokens", [1000, 4000, 9000], "target tokens trained on"),
        ("decoding", [200, 400, 600], "tokens written a second"),
    ],
)
def test_small_marks_are_runs_and_a_large_one_the_mean_at_the_median_cost(
    draws: Draws, against: Against, costs: list[float], label: str
) -> None:
    (axes,) = draws(Cost(against=against), report_views.view(variants=1)).axes
    assert axes.get_xlabel() == label
    for variant, place in (("baseline", 0), ("one", 1)):
        scores = [report_views.score(variant, seed=seed) for seed in (1, 2, 3)]
        runs, mean = axes.lines[3 * place : 3 * place + 3], axes.collections[place]
        assert [(*run.get_xdata(), *run.get_ydata()) for run in runs] == [
            *zip(costs, scores, strict=True)
        ]
        assert mean.get_offsets().tolist() == [pytest.approx([costs[1], sum(scores) / 3])]


def test_a_run_without_a_score_is_not_drawn(draws: Draws) -> None:
    (axes,) = draws(Cost(), report_views.view(variants=1, diverged=[("one", 2)])).axes
    assert len(axes.lines) == 3 + 2
    assert [len(mean.get_offsets()) for mean in axes.collections] == [1, 1]
