"""Held against the formula of Shazeer 2020, unit by unit, within a layer."""

from __future__ import annotations

import math

import torch

from harness.contracts import Site
from harness.model.layers import FeedForward
from harness_feed_forwards.geglu import Geglu
from harness_feed_forwards.swiglu import Swiglu
from harness_models.encoder_decoder import EncoderDecoder

UNITS = Site(names=("feed_forward",), layout="sentences places d_ff")


def _gelu(z: float) -> float:
    return z * (1 + math.erf(z / math.sqrt(2))) / 2


def _swish(z: float) -> float:
    return z / (1 + math.exp(-z))


def test_each_unit_is_gated_by_another_of_the_same_input() -> None:
    generator = torch.Generator().manual_seed(3)
    for component, f in ((Geglu(), _gelu), (Swiglu(), _swish)):
        options = EncoderDecoder(d_model=4, d_ff=3, heads=1, feed_forward=component)
        network = FeedForward(options, site=UNITS).double()
        for parameter in network.parameters():
            torch.nn.init.normal_(parameter, generator=generator)
        x = torch.randn(1, 1, 4, dtype=torch.float64, generator=generator)
        inner, gate, outer = network.inner, network.gate, network.outer
        units = [
            f((gate.weight[unit] @ x[0, 0] + gate.bias[unit]).item())
            * (inner.weight[unit] @ x[0, 0] + inner.bias[unit])
            for unit in range(3)
        ]
        expected = outer.weight @ torch.stack(units) + outer.bias
        torch.testing.assert_close(network(x, noise=None)[0, 0], expected, rtol=0, atol=1e-12)
