from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import pytest

from harness_parameter_groups.layers import by_layer

groups = by_layer(lambda below: lambda update: float(below))


@pytest.mark.parametrize("tie", ["none", "target", "all"])
def test_every_parameter_is_in_one_group_with_its_depth_below_the_top(
    names: Callable[..., list[str]],
    below: Callable[[str], int],
    tie: Literal["none", "target", "all"],
) -> None:
    made = groups(names(tie=tie))
    assert len(made) == (7 if tie == "none" else 6)
    assert sorted(name for group in made for name in group.names) == sorted(names(tie=tie))
    for group in made:
        depths = {below(name) for name in group.names if name != "projection.bias"}
        assert depths == {group.multiple(1) + (tie != "none")}


def test_a_matrix_tied_to_an_embedding_occurs_once_as_an_embedding(
    names: Callable[..., list[str]],
) -> None:
    made = groups(names(tie="all"))
    assert list(made[-1].names) == ["source_embedding.weight"]
    assert "projection.bias" in made[0].names
    assert any(name.startswith("decoder.2.") for name in made[0].names)


def test_layers_are_sorted_numerically() -> None:
    made = groups([f"encoder.{number}.feed_forward.inner.bias" for number in (9, 10, 2)])
    assert [group.names[0].split(".")[1] for group in made] == ["10", "9", "2"]


def test_an_adapter_belongs_to_its_layer_and_unknown_parameters_to_the_top() -> None:
    adapter = "decoder.0.self_attention.query.adapter.A"
    made = groups([adapter, "decoder.0.self_attention.query.bias", "gate.weight"])
    assert [list(group.names) for group in made] == [
        ["gate.weight"],
        [adapter, "decoder.0.self_attention.query.bias"],
    ]


def test_learned_positions_belong_to_the_embeddings() -> None:
    names = ["encoder_positions.weight", "source_embedding.weight", "decoder_positions.weight"]
    made = groups([*names, "encoder.0.feed_forward.inner.weight"])
    assert [list(group.names) for group in made][1] == names


def test_the_highest_trained_layer_is_the_top() -> None:
    made = groups(["encoder.0.feed_forward.inner.bias", "encoder.3.feed_forward.inner.bias"])
    assert [group.multiple(1) for group in made] == [0.0, 1.0]
