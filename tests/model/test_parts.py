"""Whatever parts a model has, it keeps to what holds for every model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
import torch

from harness.components import FeedForward, Normalization, Positions
from harness.components.positions import PlaceCode
from harness.contracts import Transform
from harness.errors import ComponentError
from harness.model.parts import built_activation, built_normalization, built_positions
from harness.testing import check_model
from harness_feed_forwards.geglu import Geglu
from harness_feed_forwards.gelu import Gelu
from harness_feed_forwards.swiglu import Swiglu
from harness_models.decoder_only import DecoderOnly
from harness_models.encoder_decoder import EncoderDecoder
from harness_normalizations.rms_norm import RmsNorm
from harness_positions.alibi import Alibi
from harness_positions.learned import Learned
from harness_positions.none import NoPositions
from harness_positions.rotary import Rotary

MODERN = {
    "normalization": RmsNorm(),
    "feed_forward": Swiglu(),
    "positions": Rotary(),
    "kv_heads": 2,
    "qk_norm": True,
    "bias": False,
}
PARTS: dict[str, dict[str, Any]] = {
    "rms_norm": {"normalization": RmsNorm(), "norm": "post"},
    "gelu": {"feed_forward": Gelu()},
    "geglu": {"feed_forward": Geglu()},
    "learned": {"positions": Learned(places=16)},
    "rotary": {"positions": Rotary()},
    "alibi": {"positions": Alibi()},
    "none": {"positions": NoPositions()},
    "multi-query": {"kv_heads": 1},
    "normalized queries": {"qk_norm": True},
    "window": {"window": 2},
    "a window over alibi": {"window": 2, "positions": Alibi()},
    "no bias": {"bias": False, "tie": "target"},
    "modern": MODERN,
    "modern with a window": {**MODERN, "window": 3},
}
every_part = pytest.mark.parametrize("parts", PARTS.values(), ids=PARTS)


@every_part
def test_written_out_and_step_by_step_are_the_whole(
    build, forward, source, target, noise, parts
) -> None:
    model = build(**parts)
    whole = forward(model, source, target, noise)
    cache = model.start(model.encode(source))
    for place in range(target.shape[1]):
        if place == 2:
            cache = cache.select(torch.arange(3))
        logits = model.project(model.step(target[:, place], cache))
        torch.testing.assert_close(logits, whole[:, place], rtol=0, atol=1e-12)
    for site in model.sites.values():
        if site.kind in {"attention.scores", "attention.weights"}:
            site.fill(lambda value, _site, _noise: value)
    written_out = forward(model, source, target, noise)
    torch.testing.assert_close(written_out, whole, rtol=0, atol=1e-12)


@every_part
def test_the_model_keeps_its_contract_and_counts_its_parameters(parts: dict[str, Any]) -> None:
    for architecture in (EncoderDecoder, DecoderOnly):
        check_model(architecture(d_model=16, d_ff=12, heads=4, layers=2, **parts))


@every_part
def test_neither_padding_nor_later_tokens_reach_a_logit(
    build, forward, source, target, parts
) -> None:
    model = build(**parts)
    logits = forward(model, source, target)
    altered = target.clone()
    altered[:, 3] = (altered[:, 3] + 3) % 9
    others = forward(model, source, altered)
    torch.testing.assert_close(others[:, :3], logits[:, :3], rtol=0, atol=1e-13)
    for sentence, length in enumerate([5, 3, 2]):
        alone = forward(model, source[[sentence], :length], target[[sentence]])
        torch.testing.assert_close(alone[0], logits[sentence], rtol=0, atol=1e-12)


@every_part
def test_a_mask_of_ones_own_is_seen_beside_the_parts(build, source, target, parts) -> None:
    model = build(**parts)
    memory, embedded = model.encode(source), model.embed(target)
    causal = torch.ones(1, 4, 4, dtype=torch.bool).tril()
    explicit = model.decode(embedded, memory, visible=causal)
    torch.testing.assert_close(explicit, model.decode(embedded, memory), rtol=0, atol=1e-12)


@every_part
def test_every_parameter_learns(build, forward, source, target, parts) -> None:
    model = build(**parts)
    forward(model, source, target).square().sum().backward()
    assert [name for name, weight in model.named_parameters() if not weight.grad.any()] == []


@pytest.mark.parametrize("positions", [Alibi(), Rotary()])
def test_a_query_that_sees_nothing_takes_nothing(
    build, forward, source, target, noise, positions
) -> None:
    model = build(encoder_layers=1, decoder_layers=1, positions=positions)
    mixes = []
    model.sites["encoder.0.self_attention.attention.heads"].fill(
        lambda value, _site, _noise: mixes.append(value) or value
    )
    source[1] = 0
    forward(model, source, target, noise).sum().backward()
    assert mixes[0][1].eq(0).all()
    assert mixes[0][0].ne(0).all()
    assert all(parameter.grad.isfinite().all() for parameter in model.parameters())


@pytest.mark.parametrize("kv_heads", [1, 2])
def test_shared_keys_are_those_of_many_heads_repeated(
    build, forward, source, target, kv_heads
) -> None:
    shared, whole = build(kv_heads=kv_heads), build()
    weights = shared.state_dict()
    for name, weight in weights.items():
        if ".key." in name or ".value." in name:
            heads = weight.unflatten(0, (kv_heads, -1))
            weights[name] = heads.repeat_interleave(4 // kv_heads, dim=0).flatten(0, 1)
    whole.load_state_dict(weights)
    expected = forward(whole, source, target)
    torch.testing.assert_close(forward(shared, source, target), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("positions", [Rotary(), Alibi()])
def test_a_token_before_the_window_is_not_seen(build, source, target, positions) -> None:
    model = build(decoder_layers=1, window=2, positions=positions)
    memory, embedded = model.encode(source), model.embed(target)
    altered = embedded.clone()
    altered[:, 0] *= -2
    states, others = (model.decode(vectors, memory) for vectors in (embedded, altered))
    same = torch.isclose(states, others, rtol=0, atol=1e-12).all(-1)
    assert same.tolist() == [[False, False, True, True]] * 3


def test_places_in_the_source_and_in_the_target_are_not_compared(build, source, target) -> None:
    """Attention to the source has neither rotation nor bias."""
    for positions in (Rotary(), Alibi()):
        placed, plain = (build(positions=code) for code in (positions, NoPositions()))
        memory = plain.encode(source)
        first = [model.decode(model.embed(target[:, :1]), memory) for model in (placed, plain)]
        torch.testing.assert_close(*first, rtol=0, atol=1e-12)


# --- options and contracts ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"heads": 8, "kv_heads": 3}, "kv_heads must divide heads, got 3 kv_heads and 8 heads"),
        ({"d_model": 5, "heads": 1}, "d_model must be even, got 5"),
        ({"d_model": 6, "heads": 4}, "heads must divide d_model, got 4 heads and d_model 6"),
    ],
)
def test_options_that_do_not_fit_are_refused(options: dict[str, int], fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        EncoderDecoder(**options)
    assert EncoderDecoder(d_model=5, heads=1, positions=NoPositions()).d_model == 5


@dataclass(frozen=True, kw_only=True)
class Strange(Normalization):
    """A normalization that builds and counts what it is told."""

    name = "strange"
    made: Callable[[int], torch.nn.Module] = field(default=torch.nn.RMSNorm)

    def parameters(self, width: int, *, bias: bool) -> int:
        return width

    def build(self, width: int, *, bias: bool) -> torch.nn.Module:
        return self.made(width)


@dataclass(frozen=True, kw_only=True)
class Summed(FeedForward):
    """An activation that loses a dimension."""

    name = "summed"

    def build(self) -> Transform:
        return lambda units: units.sum(-1)


@dataclass(frozen=True, kw_only=True)
class Uncounted(Positions):
    """Positions that do not count their table."""

    name = "uncounted"

    def build(self, d_model: int, *, heads: int) -> PlaceCode:
        return Learned(places=3).build(d_model, heads=heads)


def _failing(width: int) -> torch.nn.Module:
    raise RuntimeError("no such width")


@pytest.mark.parametrize(
    ("build_part", "part", "fault"),
    [
        (
            built_normalization,
            {"normalization": Strange(made=torch.nn.LayerNorm)},
            "counts 8 .* 16",
        ),
        (built_normalization, {"normalization": Strange(made=_failing)}, "raised RuntimeError: no"),
        (
            built_normalization,
            {"normalization": Strange(made=lambda width: torch.nn.Linear(width, 1))},
            r"strange: makes \(2, 3, 1\) of \(2, 3, 8\)",
        ),
        (built_activation, {"feed_forward": Summed()}, r"feed forward summed: makes \(2,\) of"),
        (built_positions, {"positions": Uncounted()}, "counts 0 parameters, and has 24"),
    ],
)
def test_a_part_that_breaks_its_contract_is_named(build_part, part, fault) -> None:
    with pytest.raises(ComponentError, match=fault):
        build_part(EncoderDecoder(d_model=8, heads=2, **part))
