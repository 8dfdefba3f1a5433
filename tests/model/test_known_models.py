"""Held against Llama, Mistral, Qwen 3 and GPT-2 of transformers, with their weights copied."""

from __future__ import annotations

import math

import pytest
import torch
from support.decoder_stack import DecoderStack, filled
from torch import Tensor, nn

from harness_feed_forwards.gelu import Gelu
from harness_feed_forwards.swiglu import Swiglu
from harness_models.encoder_decoder import EncoderDecoder
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
SHAPE = {"d_model": 16, "d_ff": 20, "heads": 4, "layers": 2}
LLAMA_PARTS = {
    "normalization": RmsNorm(),
    "feed_forward": Swiglu(),
    "positions": Rotary(),
    "bias": False,
}


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
    model.rotary_emb = RotaryInFloat64()
    return model.double()


def in_pairs(rows: Tensor, *, heads: int) -> Tensor:
    """Rows i and i + d / 2 of every head, which these models turn together, side by side."""
    return rows.unflatten(0, (heads, 2, -1)).transpose(1, 2).flatten(0, 2)


def copied_llama(theirs: nn.Module, *, options: EncoderDecoder) -> DecoderStack:
    """Our stack with the weights of a model like Llama's."""
    ours = DecoderStack(options)
    ours.norm.weight.data = theirs.norm.weight.data
    for our, their in zip(ours.layers, theirs.layers, strict=True):
        attention, own = their.self_attn, our.self_attention
        own.query.weight.data = in_pairs(attention.q_proj.weight.data, heads=options.heads)
        own.key.weight.data = in_pairs(attention.k_proj.weight.data, heads=options.key_heads)
        own.value.weight.data = attention.v_proj.weight.data
        own.output.weight.data = attention.o_proj.weight.data
        if options.qk_norm:
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
    theirs = filled(
        transformers.LlamaModel(
            transformers.LlamaConfig(**SIZES, num_key_value_heads=kv_heads, rms_norm_eps=1e-6)
        )
    )
    theirs = in_float64(theirs) if dtype == torch.float64 else theirs
    ours = copied_llama(theirs, options=EncoderDecoder(**SHAPE, **LLAMA_PARTS, kv_heads=kv_heads))
    states = ours(theirs.embed_tokens(TOKENS))
    torch.testing.assert_close(states, theirs(TOKENS).last_hidden_state, rtol=0, atol=atol)


@precisions
def test_mistral_is_llama_with_a_window(dtype: torch.dtype, atol: float) -> None:
    config = transformers.MistralConfig(**SIZES, num_key_value_heads=2, sliding_window=3)
    theirs = filled(transformers.MistralModel(config))
    theirs = in_float64(theirs) if dtype == torch.float64 else theirs
    ours, everything = (
        copied_llama(
            theirs,
            options=EncoderDecoder(**SHAPE, **LLAMA_PARTS, kv_heads=2, window=window),
        )
        for window in (3, None)
    )
    vectors = theirs.embed_tokens(TOKENS)
    expected = theirs(TOKENS).last_hidden_state
    torch.testing.assert_close(ours(vectors), expected, rtol=0, atol=atol)
    assert not torch.isclose(everything(vectors), expected, atol=1e-3).all()


@precisions
def test_qwen_3_is_llama_with_normalized_queries_and_keys(dtype: torch.dtype, atol: float) -> None:
    config = transformers.Qwen3Config(**SIZES, num_key_value_heads=2, head_dim=4)
    theirs = filled(transformers.Qwen3Model(config))
    theirs = in_float64(theirs) if dtype == torch.float64 else theirs
    options = EncoderDecoder(**SHAPE, **LLAMA_PARTS, kv_heads=2, qk_norm=True)
    states = copied_llama(theirs, options=options)(theirs.embed_tokens(TOKENS))
    torch.testing.assert_close(states, theirs(TOKENS).last_hidden_state, rtol=0, atol=atol)


@precisions
def test_gpt_2_is_learned_positions_and_gelu_by_tanh(dtype: torch.dtype, atol: float) -> None:
    config = transformers.GPT2Config(
        vocab_size=11, n_embd=16, n_inner=20, n_layer=2, n_head=4, n_positions=32
    )
    theirs = filled(transformers.GPT2LMHeadModel(config)).to(dtype)
    parts = {"positions": Learned(places=32), "feed_forward": Gelu(approximate="tanh")}
    ours = DecoderStack(EncoderDecoder(**SHAPE, **parts)).to(dtype)
    ours.positions.weight.data = theirs.transformer.wpe.weight.data
    ours.norm.load_state_dict(theirs.transformer.ln_f.state_dict())
    for our, their in zip(ours.layers, theirs.transformer.h, strict=True):
        attention = our.self_attention
        thirds = their.attn.c_attn.weight.data.T.chunk(3), their.attn.c_attn.bias.data.chunk(3)
        for matrix, weight, bias in zip(
            (attention.query, attention.key, attention.value), *thirds, strict=True
        ):
            matrix.weight.data, matrix.bias.data = weight, bias
        for matrix, conv in (
            (attention.output, their.attn.c_proj),
            (our.feed_forward.inner, their.mlp.c_fc),
            (our.feed_forward.outer, their.mlp.c_proj),
        ):
            matrix.weight.data, matrix.bias.data = conv.weight.data.T, conv.bias.data
        our.self_attention_norm.load_state_dict(their.ln_1.state_dict())
        our.feed_forward_norm.load_state_dict(their.ln_2.state_dict())
    embedding = theirs.transformer.wte.weight
    logits = ours(embedding[TOKENS]) @ embedding.T  # tied
    torch.testing.assert_close(logits, theirs(TOKENS).logits, rtol=0, atol=atol)
    assert math.isclose(config.layer_norm_epsilon, ours.options.normalization.eps)
