"""Held against torch.nn.Transformer, and the Annotated Transformer under its normalization."""

from __future__ import annotations

import copy
import math

import pytest
import torch
from torch import Tensor, nn

from harness.components.sinusoidal import sinusoids
from harness.contracts import Model
from harness.errors import HarnessError
from harness_models.encoder_decoder import EncoderDecoder
from harness_models.transformer import Transformer

TIES = {"none": {}, "target": {}, "all": {"source_classes": 9}}


# --- torch.nn.Transformer -----------------------------------------------------------------------


def _copy_attention(theirs: nn.MultiheadAttention, ours: nn.Module) -> None:
    packed = (ours.query, ours.key, ours.value)
    theirs.in_proj_weight.data.copy_(torch.cat([part.weight for part in packed]))
    theirs.in_proj_bias.data.copy_(torch.cat([part.bias for part in packed]))
    _copy(theirs.out_proj, ours.output)


def _copy(theirs: nn.Module, ours: nn.Module) -> None:
    theirs.weight.data.copy_(ours.weight)
    theirs.bias.data.copy_(ours.bias)


def _copy_layer(theirs: nn.Module, ours: nn.Module) -> None:
    names = ["self_attention", "cross_attention", "feed_forward"]
    norms = [getattr(ours, f"{name}_norm") for name in names if hasattr(ours, name)]
    for number, norm in enumerate(norms, start=1):
        _copy(getattr(theirs, f"norm{number}"), norm)
    _copy_attention(theirs.self_attn, ours.self_attention)
    if hasattr(ours, "cross_attention"):
        _copy_attention(theirs.multihead_attn, ours.cross_attention)
    _copy(theirs.linear1, ours.feed_forward.inner)
    _copy(theirs.linear2, ours.feed_forward.outer)


def _torch_stacks(ours: Transformer, *, pre: bool, final: bool) -> nn.Transformer:
    """Torch's own, with our weights; its stacks end in a normalisation only if `final`."""
    shape = {"d_model": 16, "nhead": 4, "dim_feedforward": 24, "dropout": 0.0}
    layout = {"batch_first": True, "norm_first": pre, "dtype": torch.float64}
    norms = [nn.LayerNorm(16, dtype=torch.float64) if final else None for _ in range(2)]
    theirs = nn.Transformer(
        d_model=16,
        nhead=4,
        custom_encoder=nn.TransformerEncoder(
            nn.TransformerEncoderLayer(**shape, **layout),
            num_layers=len(ours.encoder),
            norm=norms[0],
            enable_nested_tensor=False,
        ),
        custom_decoder=nn.TransformerDecoder(
            nn.TransformerDecoderLayer(**shape, **layout),
            num_layers=len(ours.decoder),
            norm=norms[1],
        ),
        **layout,
    )
    layers = [*theirs.encoder.layers, *theirs.decoder.layers]
    for their_layer, our_layer in zip(layers, [*ours.encoder, *ours.decoder], strict=True):
        _copy_layer(their_layer, our_layer)
    if final:
        _copy(theirs.encoder.norm, ours.encoder_norm)
        _copy(theirs.decoder.norm, ours.decoder_norm)
    return theirs


def _fed(table: Tensor, tokens: Tensor) -> Tensor:
    return table[tokens] * math.sqrt(16) + sinusoids(tokens.shape[1], d_model=16)


@pytest.mark.parametrize("depths", [(2, 3), (1, 1)])
@pytest.mark.parametrize("final", [True, False])
@pytest.mark.parametrize("norm", ["pre", "post"])
def test_equals_torchs_transformer(build, source, target, norm, final, depths) -> None:
    encoder_layers, decoder_layers = depths
    ours = build(
        norm=norm, final_norm=final, encoder_layers=encoder_layers, decoder_layers=decoder_layers
    )
    theirs = _torch_stacks(ours, pre=norm == "pre", final=final)
    later = torch.ones(4, 4, dtype=torch.bool).triu(1)
    for sentences in (slice(None), slice(1)):  # with padding and without
        x, y = source[sentences], target[sentences]
        padded = {"src_key_padding_mask": x == 0, "memory_key_padding_mask": x == 0}
        expected = theirs(
            _fed(ours.source_embedding.weight, x),
            _fed(ours.target_embedding.weight, y),
            tgt_mask=later,
            tgt_key_padding_mask=y == 0,
            **padded,
        )
        hidden = ours.decode(ours.embed(y), ours.encode(x))
        torch.testing.assert_close(hidden[y != 0], expected[y != 0], rtol=0, atol=1e-12)
        logits = expected @ ours.projection.weight.T + ours.projection.bias
        projected = ours.project(hidden)
        torch.testing.assert_close(projected[y != 0], logits[y != 0], rtol=0, atol=1e-12)


@pytest.mark.parametrize(("norm", "closes"), [("pre", True), ("post", False)])
def test_only_pre_norm_stacks_end_in_a_normalisation_unless_said(build, norm, closes) -> None:
    names = dict(build(norm=norm).named_parameters())
    assert ("encoder_norm.weight" in names) == closes
    assert ("decoder_norm.bias" in names) == closes


# --- the Annotated Transformer ------------------------------------------------------------------


class AnnotatedNorm(nn.Module):
    """Divides by the unbiased deviation, and adds epsilon to it and not to the variance."""

    def __init__(self, norm: nn.LayerNorm) -> None:
        super().__init__()
        self.weight, self.bias = norm.weight, norm.bias

    def forward(self, x: Tensor) -> Tensor:
        centered = x - x.mean(-1, keepdim=True)
        deviation = (centered.square().sum(-1, keepdim=True) / (x.shape[-1] - 1)).sqrt()
        return self.weight * centered / (deviation + 1e-6) + self.bias


class Annotated:
    """The Annotated Transformer's arithmetic as plain functions of our parameters by name."""

    def __init__(self, parameters: dict[str, Tensor]) -> None:
        self.parameters = parameters

    def linear(self, name: str, x: Tensor) -> Tensor:
        return x @ self.parameters[f"{name}.weight"].T + self.parameters[f"{name}.bias"]

    def norm(self, name: str, x: Tensor) -> Tensor:
        mean, std = x.mean(-1, keepdim=True), x.std(-1, keepdim=True)
        scaled = self.parameters[f"{name}.weight"] * (x - mean) / (std + 1e-6)
        return scaled + self.parameters[f"{name}.bias"]

    def attention(self, name: str, x: Tensor, memory: Tensor, mask: Tensor) -> Tensor:
        def heads(part: str, states: Tensor) -> Tensor:
            projected = self.linear(f"{name}.{part}", states)
            return projected.view(len(states), -1, 4, 4).transpose(1, 2)

        query, key, value = heads("query", x), heads("key", memory), heads("value", memory)
        scores = (query @ key.transpose(-2, -1)) / math.sqrt(4)
        scores = scores.masked_fill(mask.unsqueeze(1) == 0, -1e9)
        mixed = (scores.softmax(dim=-1) @ value).transpose(1, 2)
        return self.linear(f"{name}.output", mixed.reshape(len(x), -1, 16))

    def feed_forward(self, name: str, x: Tensor) -> Tensor:
        return self.linear(f"{name}.outer", self.linear(f"{name}.inner", x).relu())

    def embed(self, name: str, tokens: Tensor) -> Tensor:
        position = torch.arange(tokens.shape[1], dtype=torch.float64).unsqueeze(1)
        falling = torch.exp(torch.arange(0, 16, 2, dtype=torch.float64) * -(math.log(1e4) / 16))
        table = torch.zeros(tokens.shape[1], 16, dtype=torch.float64)
        table[:, 0::2], table[:, 1::2] = (
            torch.sin(position * falling),
            torch.cos(position * falling),
        )
        return self.parameters[f"{name}.weight"][tokens] * math.sqrt(16) + table

    def encode(self, source: Tensor, mask: Tensor) -> Tensor:
        x = self.embed("source_embedding", source)
        for layer in ("encoder.0", "encoder.1"):
            y = self.norm(f"{layer}.self_attention_norm", x)
            x = x + self.attention(f"{layer}.self_attention", y, y, mask)
            y = self.norm(f"{layer}.feed_forward_norm", x)
            x = x + self.feed_forward(f"{layer}.feed_forward", y)
        return self.norm("encoder_norm", x)

    def __call__(self, source: Tensor, target: Tensor) -> Tensor:
        source_mask = (source != 0).unsqueeze(-2)
        subsequent = torch.triu(torch.ones(1, *[target.shape[1]] * 2), diagonal=1) == 0
        target_mask = (target != 0).unsqueeze(-2) & subsequent
        memory = self.encode(source, source_mask)
        x = self.embed("target_embedding", target)
        for layer in ("decoder.0", "decoder.1", "decoder.2"):
            y = self.norm(f"{layer}.self_attention_norm", x)
            x = x + self.attention(f"{layer}.self_attention", y, y, target_mask)
            y = self.norm(f"{layer}.cross_attention_norm", x)
            x = x + self.attention(f"{layer}.cross_attention", y, memory, source_mask)
            y = self.norm(f"{layer}.feed_forward_norm", x)
            x = x + self.feed_forward(f"{layer}.feed_forward", y)
        return self.linear("projection", self.norm("decoder_norm", x)).log_softmax(dim=-1)


def test_equals_the_annotated_transformer_under_its_normalisation(
    build, forward, source, target
) -> None:
    model = build()
    expected = Annotated(dict(model.named_parameters()))(source, target)
    before = forward(model, source, target).log_softmax(-1)
    for name, part in list(model.named_modules()):
        if isinstance(part, nn.LayerNorm):
            model.set_submodule(name, AnnotatedNorm(part))
    logits = forward(model, source, target).log_softmax(-1)
    real = target != 0
    torch.testing.assert_close(logits[real], expected[real], rtol=0, atol=1e-12)
    assert (before - expected)[real].abs().max() > 1e-3  # the two normalisations do differ


# --- parameters ---------------------------------------------------------------------------------


def test_parameters_go_by_their_canonical_names(build) -> None:
    attention = [f"{part}.{what}" for part in ("query", "key", "value", "output") for what in "wb"]
    feed_forward = [f"{part}.{what}" for part in ("inner", "outer") for what in "wb"]
    sublayers = {"self_attention": attention, "feed_forward": feed_forward}
    stacks = {"encoder": sublayers, "decoder": sublayers | {"cross_attention": attention}}
    expected = {"source_embedding.w", "target_embedding.w", "projection.w", "projection.b"}
    for side, parts in stacks.items():
        expected |= {f"{side}_norm.{what}" for what in "wb"}
        for sublayer, names in parts.items():
            expected |= {f"{side}.0.{sublayer}.{name}" for name in names}
            expected |= {f"{side}.0.{sublayer}_norm.{what}" for what in "wb"}
    whole = {name[:-1] + {"w": "weight", "b": "bias"}[name[-1]] for name in expected}
    model = build(encoder_layers=1, decoder_layers=1)
    assert {name for name, _ in model.named_parameters()} == whole
    assert set(model.state_dict()) == whole  # no positions, no masks


def test_an_unfilled_model_is_zero_but_for_normalisations_and_draws_nothing() -> None:
    state = torch.get_rng_state()
    model = Transformer(EncoderDecoder(d_model=8, heads=2), source_classes=5, target_classes=5)
    assert torch.equal(torch.get_rng_state(), state)
    for name, parameter in model.named_parameters():
        assert parameter.eq(1 if name.endswith("norm.weight") else 0).all()


@pytest.mark.parametrize("tie", TIES)
def test_tied_matrices_share_storage_and_go_by_one_name(build, tie) -> None:
    model = copy.deepcopy(build(tie=tie, **TIES[tie]))
    tables = {
        "source_embedding.weight": model.source_embedding.weight,
        "target_embedding.weight": model.target_embedding.weight,
        "projection.weight": model.projection.weight,
    }
    named = {name for name, _ in model.named_parameters()} & set(tables)
    surviving = {"none": 3, "target": 2, "all": 1}[tie]
    assert named == set(list(tables)[:surviving])
    assert len({table.data_ptr() for table in tables.values()}) == surviving


def test_one_table_cannot_serve_two_vocabularies() -> None:
    with pytest.raises(HarnessError, match="got 5 source and 6 target classes"):
        Transformer(EncoderDecoder(tie="all"), source_classes=5, target_classes=6)


@pytest.mark.parametrize("norm", ["pre", "post"])
@pytest.mark.parametrize("tie", TIES)
def test_gradients_reach_every_parameter(build, forward, source, target, tie, norm) -> None:
    model = build(norm=norm, tie=tie, **TIES[tie])
    real = target != 0
    logits = forward(model, source.clamp(max=8), target)[real]
    nn.functional.cross_entropy(logits, target[real]).backward()
    for name, parameter in model.named_parameters():
        # A key's bias adds the same to all scores of a query, and so softmax takes it out again.
        reached = parameter.grad.abs().max() > 1e-9
        assert reached != name.endswith("key.bias"), name


@pytest.mark.parametrize("norm", ["pre", "post"])
def test_an_untrained_model_knows_nothing(forward, norm) -> None:
    classes = 2000
    options = EncoderDecoder(d_model=32, d_ff=64, heads=4, layers=2, norm=norm)
    model = Transformer(options, source_classes=classes, target_classes=classes).double()
    torch.manual_seed(3)
    for parameter in model.parameters():
        if parameter.dim() == 2:
            nn.init.xavier_uniform_(parameter)
    source, target, truth = torch.randint(4, classes, (3, 16, 12))
    logits = forward(model, source, target)
    nll = nn.functional.cross_entropy(logits.flatten(0, 1), truth.flatten()).item()
    # Logits of variance 2 d_model / (d_model + classes) cost half of it over a uniform guess.
    assert abs(nll - math.log(classes) - 32 / (32 + classes)) < 0.05


def test_the_transformer_is_a_model(build, source, target) -> None:
    model: Model = build()
    memory = model.encode(source)
    assert memory.states.shape == (3, 5, 16)
    assert torch.equal(memory.visible, source != 0)
    assert model.encode(source[:1]).visible is None
    embedded = model.embed(target)
    assert torch.equal(embedded, model.target_embedding.weight[target] * 4)
    assert model.project(model.decode(embedded, memory)[:, 0]).shape == (3, 9)
    assert model.step(target[:, 0], model.start(memory)).shape == (3, 16)
