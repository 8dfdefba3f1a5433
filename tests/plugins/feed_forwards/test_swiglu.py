"""Held against transformers' Llama, the network of one layer with copied weights."""

from __future__ import annotations

import pytest
import torch

from harness.contracts import Site
from harness.model.layers import FeedForward
from harness_feed_forwards.swiglu import Swiglu
from harness_models.encoder_decoder import EncoderDecoder


@pytest.mark.parametrize(("dtype", "atol"), [(torch.float32, 1e-5), (torch.float64, 1e-12)])
def test_a_network_without_biases_is_that_of_llama(dtype: torch.dtype, atol: float) -> None:
    transformers = pytest.importorskip("transformers")
    modeling = pytest.importorskip("transformers.models.llama.modeling_llama")
    config = transformers.LlamaConfig(hidden_size=8, intermediate_size=12, num_attention_heads=2)
    theirs = modeling.LlamaMLP(config).to(dtype)
    options = EncoderDecoder(d_model=8, d_ff=12, heads=2, feed_forward=Swiglu(), bias=False)
    site = Site(names=("feed_forward",), layout="sentences places d_ff")
    ours = FeedForward(options, site=site).to(dtype)
    ours.gate.weight.data = theirs.gate_proj.weight.data
    ours.inner.weight.data = theirs.up_proj.weight.data
    ours.outer.weight.data = theirs.down_proj.weight.data
    x = torch.randn(2, 3, 8, dtype=dtype, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(ours(x, noise=None), theirs(x), rtol=0, atol=atol)
