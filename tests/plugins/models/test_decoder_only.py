"""Held against torch.nn.TransformerEncoder under a causal or a prefix mask, without padding."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from harness.components import Positions
from harness.components.sinusoidal import Sinusoidal, sinusoids
from harness.contracts import Memory, Vocabularies
from harness.errors import HarnessError
from harness.streams import Noise
from harness_models.decoder_only import DecoderOnly
from harness_models.prefix_decoder import PrefixDecoder
from harness_positions import Alibi, Learned, NoPositions, Rotary

SHAPE: dict[str, Any] = {"d_model": 16, "d_ff": 24, "heads": 4, "layers": 2}
POSITIONS = (Sinusoidal(), Rotary(), Alibi(), Learned(places=20), NoPositions())
exact = {"rtol": 0.0, "atol": 1e-12}
either = pytest.mark.parametrize("prefix", [False, True], ids=["causal", "prefix"])


TWO = Vocabularies(11, 9)


def build(vocabularies: Vocabularies = TWO, **options: Any) -> PrefixDecoder:
    """A model in float64 whose every parameter is random."""
    model = DecoderOnly(**{**SHAPE, **options}).build(vocabularies)
    assert isinstance(model, PrefixDecoder)
    generator = torch.Generator().manual_seed(7)
    for name, parameter in model.double().named_parameters():
        mean = float(name.endswith("norm.weight"))
        torch.nn.init.normal_(parameter, mean=mean, std=0.3, generator=generator)
    return model.requires_grad_(requires_grad=False)


def _copy(theirs: Any, ours: Any) -> None:
    theirs.weight.data.copy_(ours.weight)
    theirs.bias.data.copy_(ours.bias)


def _torch_stack(ours: PrefixDecoder) -> nn.TransformerEncoder:
    """Torch's own layers, with our weights."""
    layer = nn.TransformerEncoderLayer(
        16, 4, 24, dropout=0.0, batch_first=True, norm_first=True, dtype=torch.float64
    )
    norm = nn.LayerNorm(16, dtype=torch.float64)
    theirs = nn.TransformerEncoder(layer, 2, norm=norm, enable_nested_tensor=False)
    _copy(norm, ours.decoder_norm)
    for one, own in zip(theirs.layers, ours.decoder, strict=True):
        attention: Any = own.self_attention
        packed = (attention.query, attention.key, attention.value)
        one.self_attn.in_proj_weight.data.copy_(torch.cat([part.weight for part in packed]))
        one.self_attn.in_proj_bias.data.copy_(torch.cat([part.bias for part in packed]))
        _copy(one.self_attn.out_proj, attention.output)
        _copy(one.linear1, own.feed_forward.inner)
        _copy(one.linear2, own.feed_forward.outer)
        _copy(one.norm1, own.self_attention_norm)
        _copy(one.norm2, own.feed_forward_norm)
    return theirs.eval()


@either
def test_equals_torchs_stack_over_source_and_target(*, prefix: bool) -> None:
    model = build(prefix=prefix)
    source, target = (
        torch.tensor([[4, 5, 2], [6, 7, 2]]),
        torch.tensor([[1, 4, 5, 6], [1, 7, 8, 4]]),
    )
    hidden = model.decode(model.embed(target), model.encode(source))
    tables = model.source_embedding.weight[source], model.target_embedding.weight[target]
    states = torch.cat(tables, dim=1) * 4 + sinusoids(7, d_model=16)
    hides = torch.ones(7, 7, dtype=torch.bool).triu(1)
    if prefix:
        hides[:3, :3] = False
    expected = _torch_stack(model)(states, mask=hides)
    torch.testing.assert_close(hidden, expected[:, 3:], rtol=1e-12, atol=1e-12)


@either
@pytest.mark.parametrize("positions", POSITIONS, ids=lambda positions: positions.name)
def test_padding_of_either_side_changes_no_logit(*, prefix: bool, positions: Positions) -> None:
    model = build(prefix=prefix, positions=positions)
    source, target = torch.tensor([[4, 5, 2]]), torch.tensor([[1, 4, 5, 6]])

    def logits(more_source: int, more_target: int) -> Tensor:
        read = nn.functional.pad(source, (0, more_source))
        written = nn.functional.pad(target, (0, more_target))
        # With a longer sentence beside it, as in a batch.
        read = torch.cat([read, torch.full_like(read, 7)])
        written = torch.cat([written, torch.full_like(written, 5)])
        hidden = model.decode(model.embed(written), model.encode(read))
        return model.project(hidden)[0, :4]

    alone = model.project(model.decode(model.embed(target), model.encode(source)))[0]
    for more_source, more_target in itertools.product((0, 1, 6), (0, 3)):
        torch.testing.assert_close(logits(more_source, more_target), alone, **exact)


@either
@pytest.mark.parametrize("positions", POSITIONS, ids=lambda positions: positions.name)
@pytest.mark.parametrize("window", [None, 2])
def test_step_by_step_is_at_once(*, prefix: bool, positions: Positions, window: int | None) -> None:
    model = build(prefix=prefix, positions=positions, window=window)
    source = torch.tensor([[4, 5, 6, 2], [7, 2, 0, 0]])
    target = torch.tensor([[1, 4, 5, 6, 7], [1, 7, 8, 4, 5]])
    memory = model.encode(source)
    whole = model.decode(model.embed(target), memory)
    cache = model.start(memory)
    for place in range(5):
        torch.testing.assert_close(model.step(target[:, place], cache), whole[:, place], **exact)
        keys = cache.layers[0].own
        assert keys is not None
        assert keys.keys.shape[2] == 4 + place + 1  # the prefix once, then a place a step


@either
def test_later_tokens_never_change_earlier_logits(*, prefix: bool) -> None:
    model = build(prefix=prefix)
    memory = model.encode(torch.tensor([[4, 5, 6, 2]]))
    target = torch.tensor([[1, 4, 5, 6, 7]])
    logits = model.project(model.decode(model.embed(target), memory))
    for place in range(1, 5):
        other = target.clone()
        other[:, place:] = 8
        changed = model.project(model.decode(model.embed(other), memory))
        assert torch.equal(changed[:, :place], logits[:, :place])
        assert not torch.equal(changed[:, place:], logits[:, place:])


def test_source_places_see_later_ones_with_a_prefix_only() -> None:
    """Read at the first of them: a later source token changes its keys, or does not."""
    for prefix in (False, True):
        model = build(prefix=prefix)
        seen: list[Tensor] = []
        model.sites["decoder.1.self_attention.residual"].alter(lambda x, to=seen: to.append(x) or x)
        for last in (5, 6):
            memory = model.encode(torch.tensor([[4, last, 2]]))
            model.decode(model.embed(torch.tensor([[1]])), memory)
        first, second = seen
        assert torch.equal(first[:, 0], second[:, 0]) is not prefix


def test_a_shared_vocabulary_has_one_embedding_unless_said() -> None:
    names = {
        shared: [name for name, _ in build(Vocabularies(9, 9, shared)).named_parameters()]
        for shared in (False, True)
    }
    assert "source_embedding.weight" in names[False]
    assert "source_embedding.weight" not in names[True]
    two = build(Vocabularies(9, 9, shared=True), one_embedding=False)
    assert two.source_embedding is not two.target_embedding
    one = build(Vocabularies(9, 9, shared=True), tie="target")
    assert one.source_embedding.weight is one.projection.weight
    with pytest.raises(HarnessError, match="one_embedding: true needs one vocabulary"):
        build(Vocabularies(9, 9), one_embedding=True)


def test_the_count_is_that_of_the_model_that_is_built() -> None:
    for norm, tie, shared, bias, positions in itertools.product(
        ("pre", "post"), ("none", "target"), (False, True), (False, True), POSITIONS
    ):
        options = DecoderOnly(**SHAPE, norm=norm, tie=tie, bias=bias, positions=positions)
        vocabularies = Vocabularies(9, 9, shared)
        built = options.build(vocabularies)
        counted = sum(weight.numel() for _, weight in built.named_parameters())
        assert options.parameter_count(vocabularies) == counted


def test_sites_and_parameters_are_the_decoder_s() -> None:
    model = build()
    assert {path.split(".")[0] for path in model.sites} == {"decoder"}
    assert not [path for path in model.sites if "cross" in path]
    assert "decoder.embedding" in model.sites
    stacks = {name.split(".")[0] for name, _ in model.named_parameters()}
    assert stacks == {
        "source_embedding",
        "target_embedding",
        "decoder",
        "decoder_norm",
        "projection",
    }


def test_noise_at_a_site_falls_on_source_and_target_alike() -> None:
    model, shapes = build(), []

    def drop(value: Tensor, site: object, noise: Noise) -> Tensor:
        shapes.append(tuple(value.shape))
        return value

    model.sites["decoder.embedding"].fill(drop)
    noise = Noise(seed=1, update=1)
    memory = model.encode(torch.tensor([[4, 5, 2]]), noise=noise)
    model.decode(model.embed(torch.tensor([[1, 4]])), memory, noise=noise)
    assert shapes == [(1, 5, 16)]


def test_places_of_targets_are_counted_and_not_those_of_the_prefix() -> None:
    model = build()
    memory = model.encode(torch.tensor([[4, 5, 2], [4, 2, 0]]))
    model.decode(model.embed(torch.tensor([[1, 4], [1, 5]])), memory)
    assert model.decoded == 4
    cache = model.start(memory)
    model.step(torch.tensor([1, 1]), cache)
    assert model.decoded == 6


def test_an_empty_source_is_a_language_model() -> None:
    model = build()
    target = torch.tensor([[1, 4, 5]])
    empty = Memory(torch.zeros(1, 0, 16, dtype=torch.float64), None)
    states = model.decode(model.embed(target), empty)
    places = model.target_embedding.weight[target] * 4 + sinusoids(3, d_model=16)
    hides = torch.ones(3, 3, dtype=torch.bool).triu(1)
    torch.testing.assert_close(
        states, _torch_stack(model)(places, mask=hides), rtol=1e-12, atol=1e-12
    )
