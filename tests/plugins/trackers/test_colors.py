"""Variants are told apart in MLflow's page by their colors."""

from __future__ import annotations

import pytest

from harness_trackers.mlflow.colors import free_color, group_color, grouping_tag


def test_twenty_variants_have_twenty_colors_and_then_they_repeat_evenly() -> None:
    colors: list[str] = []
    for _ in range(40):
        colors.append(free_color(colors))
    assert len(set(colors[:20])) == 20
    assert colors[20:] == colors[:20]


@pytest.mark.parametrize(
    ("group", "color"),
    [
        ("tag.variant.baseline", "5f7281"),
        ("tag.variant.größe", "8396a5"),
    ],
)
def test_the_color_of_a_group_is_the_one_that_mlflow_computes(group: str, color: str) -> None:
    # By the function in MLflow 3.17's page, run in a browser's engine.
    assert group_color(group).hex() == color


def test_the_tag_that_groups_runs_gives_each_variant_a_color_of_its_own() -> None:
    names = ["no-dropout", "more-dropout", "long-warmup", "constant", "rms-norm", "half-half"]
    variants = ["baseline", *names]
    plain = {group_color(f"tag.variant.{variant}") for variant in variants}
    assert len(plain) < len(variants)  # else this case shows nothing
    tag = grouping_tag(variants)
    assert len({group_color(f"tag.{tag}.{variant}") for variant in variants}) == len(variants)


def test_the_plain_name_stays_where_it_serves() -> None:
    assert grouping_tag(["baseline"]) == "variant"
    assert grouping_tag(["baseline", "low-rate"]) == "variant"
