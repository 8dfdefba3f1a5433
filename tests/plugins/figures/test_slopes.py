from __future__ import annotations

import pytest
from support import report_views
from support.report_views import Draws

from harness_figures.slopes import Slopes


def test_a_line_connects_the_scores_of_baseline_and_variant_for_each_seed(draws: Draws) -> None:
    panels = draws(Slopes(), report_views.view()).axes
    for variant, axes in zip(("one", "two"), panels, strict=True):
        assert axes.get_title() == variant
        *seeds, mean = [list(line.get_ydata()) for line in axes.lines]
        pairs = [
            [report_views.score("baseline", seed=seed), report_views.score(variant, seed=seed)]
            for seed in (1, 2, 3)
        ]
        assert seeds == pairs
        assert mean == pytest.approx([sum(column) / 3 for column in zip(*pairs, strict=True)])


def test_an_incomplete_pair_is_not_drawn(draws: Draws) -> None:
    (axes,) = draws(Slopes(), report_views.view(variants=1, diverged=[("one", 2)])).axes
    assert len(axes.lines) == 2 + 1
    (empty,) = draws(Slopes(), report_views.view(variants=1, seeds=1, missing=[("one", 1)])).axes
    assert [text.get_text() for text in empty.texts] == ["no pairs"]


def test_all_panels_share_one_scale(draws: Draws) -> None:
    panels = draws(Slopes(), report_views.view(variants=6)).axes
    assert len({axes.get_ylim() for axes in panels[:6]}) == 1
