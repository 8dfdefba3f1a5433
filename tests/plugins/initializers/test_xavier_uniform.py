"""Held against torch.nn.init and scipy's uniform distribution."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial

import pytest
import torch
from scipy import stats
from torch import Tensor, nn

from harness import streams
from harness.contracts import Setting
from harness_initializers.xavier_uniform import XavierUniform

SETTING = Setting(seed=1, classes=11, d_model=8, updates=10)


def initialized(shapes: Mapping[str, tuple[int, ...]], *, gain: float = 1.0) -> dict[str, Tensor]:
    """Parameters after initialization, by name; any entry that was not set is NaN."""
    initialize = XavierUniform(gain=gain).build(SETTING)
    parameters = {name: nn.Parameter(torch.full(shape, math.nan)) for name, shape in shapes.items()}
    for name, parameter in parameters.items():
        initialize(name, parameter, partial(streams.generator, 3, "init"))
    return {name: parameter.detach() for name, parameter in parameters.items()}


@pytest.mark.parametrize("gain", [1.0, 2.5])
def test_a_matrix_equals_torch_with_the_generator_of_its_name(gain: float) -> None:
    name = "encoder.0.feed_forward.inner.weight"
    oracle = nn.init.xavier_uniform_(
        torch.empty(64, 16), gain=gain, generator=streams.generator(3, "init", name)
    )
    assert torch.equal(initialized({name: (64, 16)}, gain=gain)[name], oracle)


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("decoder.0.attention.query.weight", (96, 96)),
        ("encoder.1.feed_forward.outer.weight", (64, 256)),
        ("source_embedding.weight", (400, 64)),
    ],
)
def test_a_matrix_is_uniform_up_to_its_bound(name: str, shape: tuple[int, int]) -> None:
    values = initialized({name: shape}, gain=0.5)[name].double().flatten()
    bound = 0.5 * math.sqrt(6 / sum(shape))
    assert values.abs().max() <= bound * (1 + 1e-6)
    assert values.abs().max() > 0.999 * bound
    assert stats.kstest(values.numpy(), stats.uniform(-bound, 2 * bound).cdf).pvalue > 1e-3


def test_query_key_and_value_have_sqrt_2_times_the_packed_bound() -> None:
    torch.manual_seed(0)
    packed = nn.MultiheadAttention(64, 4).in_proj_weight.detach()  # by torch's own Xavier
    assert packed.shape == (192, 64)
    names = [f"encoder.0.attention.{part}.weight" for part in ("query", "key", "value")]
    apart = torch.stack(list(initialized(dict.fromkeys(names, (64, 64))).values()))
    wider = apart.abs().max() / packed.abs().max()
    assert wider.item() == pytest.approx(math.sqrt(2), rel=1e-3)


def test_normalizations_are_the_identity_and_all_other_vectors_0() -> None:
    values = initialized(
        {
            "decoder.0.attention.query.bias": (8,),
            "decoder.0.attention_norm.weight": (8,),
            "decoder.0.attention_norm.bias": (8,),
            "encoder.norm.weight": (8,),
            "encoder.norm.bias": (8,),
            "gate.weight": (8,),
        }
    )
    ones = [name for name, value in values.items() if torch.equal(value, torch.ones(8))]
    zeros = [name for name, value in values.items() if torch.equal(value, torch.zeros(8))]
    assert ones == ["decoder.0.attention_norm.weight", "encoder.norm.weight"]
    assert len(zeros) == 4


def test_an_additional_parameter_changes_no_other() -> None:
    alone = initialized({"a.weight": (5, 7), "c.weight": (3, 3)})
    among = initialized({"a.weight": (5, 7), "b.weight": (9, 9), "c.weight": (3, 3)})
    assert all(torch.equal(among[name], alone[name]) for name in alone)


def test_parameters_of_one_shape_differ_by_their_names() -> None:
    one, other = initialized({"a.weight": (5, 7), "b.weight": (5, 7)}).values()
    assert not torch.equal(one, other)
