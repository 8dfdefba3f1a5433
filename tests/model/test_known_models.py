"""Held against Llama, Mistral, Qwen 3 and GPT-2 of transformers, with their weights copied."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from harness.contracts import Vocabularies
from harness_feed_forwards.gelu import Gelu
from harness_feed_forwards.swiglu import Swiglu
from harness_models.decoder_only import DecoderOnly
from harness_models.prefix_decoder import PrefixDecoder
from harness_normalizations.rms_norm import RmsNorm
from harness_positions.learned import Learned
from harness_positions.rotary import Rotary

transformers = pytest.importorskip("transformers")
precisions = pytest.mark.parametrize(
    ("dtype", "atol"), [(torch.float32, 1e-5), (torch.float64, 1e-10)]
)
TOKENS = torch.tensor([[3, 1, 4, 1, 5, 9, 2, 6, 5], [2, 7, 1, 8, 2, 8, 1, 8, 2]])
SIZES = {
    "vocab_size": 11,
    "hidden_size": 16,
    "intermediate_size": 20,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "max_position_embeddings": 64,
    "attn_implementation": "sdpa",
}
VOCABULARIES = Vocabularies(11, 11, shared=True)
SHAPE = {"d_model": 16, "d_ff": 20, "heads": 4, "layers": 2}
LLAMA_PARTS = {
    "normalization": RmsNorm(),
    "feed_forward": Swiglu(),
    "positions": Rotary(),
    "bias": False,
}


def filled(model: nn.Module) -> nn.Module:
    """The model with every parameter drawn, the weights of normalizations around 1."""
    generator = torch.Generator().manual_seed(5)
    for name, parameter in model.named_parameters():
        norm = re.search(r"(norm|ln_\w)\.weight$", name)
        torch.nn.init.normal_(parameter, mean=float(bool(norm)), std=0.3, generator=generator)
    return model.requires_grad_(requires_grad=False).eval()


def assert_equal_logits(ours: PrefixDecoder, theirs: nn.Module, *, atol: float) -> None:
    """Compare what follows a prefix, all at once and step by step."""
    expected = theirs(TOKENS).logits[:, 4:]
    memory, target = ours.encode(TOKENS[:, :4]), TOKENS[:, 4:]
    logits = ours.project(ours.decode(ours.embed(target), memory))
    torch.testing.assert_close(logits, expected, rtol=0, atol=atol)
    cache = ours.start(memory)
    steps = torch.stack([ours.step(tokens, cache) for tokens in target.T], dim=1)
    torch.testing.assert_close(ours.project(steps), expected, rtol=0, atol=atol)


class RotaryInFloat64(nn.Module):
    """The angles of transformers' models, which compute them in float32 alone."""

    def forward(self, states: Tensor, position_ids: Tensor) -> tuple[Tensor, Tensor]:
        exponents = torch.arange(0, 4, 2, dtype=torch.float64) / 4
        half = position_ids[..., None].double() / 10000.0**exponents
        angles = torch.cat([half, half], -1)
        return angles.cos(), angles.sin()


def in_float64(model: nn.Module) -> nn.Module:
    """The model without its casts to float32: torch's RMSNorm and angles in float64."""
    for name, part in list(model.named_modules()):
        if type(part).__name__.endswith("RMSNorm"):
            owner, _, attribute = name.rpartition(".")
            norm = nn.RMSNorm(len(part.weight), eps=1e-6).double()
            norm.weight.data = part.weight.data.double()
            setattr(model.get_submodule(owner), attribute, norm)
    model.model.rotary_emb = RotaryInFloat64()
    return model.double()


def in_pairs(rows: Tensor, *, heads: int) -> Tensor:
    """Rows i and i + d / 2 of every head, which these models turn together, side by side."""
    return rows.unflatten(0, (heads, 2, -1)).transpose(1, 2).flatten(0, 2)


def copied_llama(theirs: nn.Module, **options: Any) -> PrefixDecoder:
    """Our model with the weights of one like Llama's."""
    chosen = DecoderOnly(**SHAPE, **LLAMA_PARTS, **options)
    ours = chosen.build(VOCABULARIES).to(theirs.lm_head.weight.dtype)
    ours.target_embedding.weight.data = theirs.model.embed_tokens.weight.data / 4  # sqrt(d_model)
    ours.projection.weight.data = theirs.lm_head.weight.data
    ours.decoder_norm.weight.data = theirs.model.norm.weight.data
    for our, their in zip(ours.decoder, theirs.model.layers, strict=True):
        attention, own = their.self_attn, our.self_attention
        own.query.weight.data = in_pairs(attention.q_proj.weight.data, heads=chosen.heads)
        own.key.weight.data = in_pairs(attention.k_proj.weight.data, heads=chosen.key_heads)
        own.value.weight.data = attention.v_proj.weight.data
        own.output.weight.data = attention.o_proj.weight.data
        if chosen.qk_norm:
            own.query_norm.weight.data = in_pairs(attention.q_norm.weight.data, heads=1)
            own.key_norm.weight.data = in_pairs(attention.k_norm.weight.data, heads=1)
        our.feed_forward.gate.weight.data = their.mlp.gate_proj.weight.data
        our.feed_forward.inner.weight.data = their.mlp.up_proj.weight.data
        our.feed_forward.outer.weight.data = their.mlp.down_proj.weight.data
        our.self_attention_norm.weight.data = their.input_layernorm.weight.data
        our.feed_forward_norm.weight.data = their.post_attention_layernorm.weight.data
    return ours.requires_grad_(requires_grad=False)


@precisions
@pytest.mark.parametrize("kv_heads", [1, 2, 4])
def test_llama_is_rms_norm_swiglu_rotary_and_shared_keys(
    dtype: torch.dtype, atol: float, kv_heads: int
) -> None:
    config = transformers.LlamaConfig(**SIZES, num_key_value_heads=kv_heads, rms_norm_eps=1e-6)
    theirs = filled(transformers.LlamaForCausalLM(config))
    theirs = in_float64(theirs) if dtype == torch.float64 else theirs
    assert_equal_logits(copied_llama(theirs, kv_heads=kv_heads), theirs, atol=atol)


@precisions
def test_mistral_is_llama_with_a_window(dtype: torch.dtype, atol: float) -> None:
    config = transformers.MistralConfig(**SIZES, num_key_value_heads=2, sliding_window=3)
    theirs = filled(transformers.MistralForCausalLM(config))
    theirs = in_float64(theirs) if dtype == torch.float64 else theirs
    assert_equal_logits(copied_llama(theirs, kv_heads=2, window=3), theirs, atol=atol)
    with pytest.raises(AssertionError, match="not close"):
        assert_equal_logits(copied_llama(theirs, kv_heads=2), theirs, atol=1e-3)


@precisions
def test_qwen_3_is_llama_with_normalized_queries_and_keys(dtype: torch.dtype, atol: float) -> None:
    config = transformers.Qwen3Config(**SIZES, num_key_value_heads=2, head_dim=4)
    theirs = filled(transformers.Qwen3ForCausalLM(config))
    theirs = in_float64(theirs) if dtype == torch.float64 else theirs
    assert_equal_logits(copied_llama(theirs, kv_heads=2, qk_norm=True), theirs, atol=atol)


@precisions
def test_gpt_2_is_learned_positions_and_gelu_by_tanh(dtype: torch.dtype, atol: float) -> None:
    config = transformers.GPT2Config(
        vocab_size=11, n_embd=16, n_inner=20, n_layer=2, n_head=4, n_positions=32
    )
    theirs = filled(transformers.GPT2LMHeadModel(config)).to(dtype)
    parts = {"positions": Learned(places=32), "feed_forward": Gelu(approximate="tanh")}
    ours = DecoderOnly(**SHAPE, **parts, tie="target").build(VOCABULARIES).to(dtype)
    stack = theirs.transformer
    # Theirs does not multiply token vectors by sqrt(d_model), which is 4: what our tied projection
    # divides the logits by, the last normalization multiplies them by.
    ours.target_embedding.weight.data = stack.wte.weight.data / 4
    ours.decoder_norm.weight.data = stack.ln_f.weight.data * 4
    ours.decoder_norm.bias.data = stack.ln_f.bias.data * 4
    ours.decoder_positions.weight.data = stack.wpe.weight.data
    for our, their in zip(ours.decoder, stack.h, strict=True):
        attention = our.self_attention
        thirds = their.attn.c_attn.weight.data.T.chunk(3), their.attn.c_attn.bias.data.chunk(3)
        matrices = attention.query, attention.key, attention.value
        for matrix, weight, bias in zip(matrices, *thirds, strict=True):
            matrix.weight.data, matrix.bias.data = weight, bias
        for matrix, conv in (
            (attention.output, their.attn.c_proj),
            (our.feed_forward.inner, their.mlp.c_fc),
            (our.feed_forward.outer, their.mlp.c_proj),
        ):
            matrix.weight.data, matrix.bias.data = conv.weight.data.T, conv.bias.data
        our.self_attention_norm.load_state_dict(their.ln_1.state_dict())
        our.feed_forward_norm.load_state_dict(their.ln_2.state_dict())
    assert math.isclose(config.layer_norm_epsilon, our.self_attention_norm.eps)
    assert_equal_logits(ours.requires_grad_(requires_grad=False), theirs, atol=atol)
