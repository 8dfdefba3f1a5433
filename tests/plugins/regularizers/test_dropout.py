"""Held against torch's feature and alpha dropout, and the first site whose value changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from harness import streams
from harness.contracts import Batch, Setting, Site
from harness.errors import HarnessError
from harness.streams import Noise, kept_share
from harness_models.encoder_decoder import EncoderDecoder
from harness_models.transformer import Transformer
from harness_regularizers import Dropout

NOISE = Noise(seed=3, update=5)
SETTING = Setting(seed=3, classes=12, d_model=8, updates=100)
MakeModel = Callable[[], Transformer]


def _apply(dropout: Dropout, model: Transformer) -> Transformer:
    modify = dropout.build(SETTING).modify_model
    assert modify is not None
    modify(model, generator=partial(streams.generator, 3, "init"))
    return model


def _hidden(model: Transformer, batch: Batch, noise: Noise | None = NOISE) -> torch.Tensor:
    memory = model.encode(batch.source, noise=noise)
    return model.decode(model.embed(batch.target_input), memory, noise=noise)


def _drop(rate: float, value: torch.Tensor) -> torch.Tensor:
    options = EncoderDecoder(d_model=2, d_ff=1, heads=1, layers=1)
    model = _apply(Dropout(rate=rate), Transformer(options, source_classes=4, target_classes=4))
    return model.sites["encoder.embedding"](value, NOISE)


# --- at one site ----------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [0.1, 0.3, 0.5, 0.9, 0.99])
def test_an_element_is_dropped_or_divided_by_the_kept_share(rate: float) -> None:
    value = torch.rand(200, 300, dtype=torch.float64) + 1
    dropped = _drop(rate, value)
    kept = dropped != 0
    torch.testing.assert_close(dropped[kept], value[kept] / (1 - rate), rtol=2e-3, atol=0)
    error = 5 * (rate * (1 - rate) * value.numel()) ** 0.5
    assert abs((~kept).sum().item() - rate * value.numel()) < error


@pytest.mark.parametrize("rate", [1e-5, 1 - 1e-5])
def test_values_are_divided_by_the_exact_kept_share(
    rate: float,
) -> None:
    count = 2**24  # enough to tell the nearest 2^-16 from the rate itself
    kept = NOISE.keep("a", (count,), rate).sum().item()
    deviation = (rate * (1 - rate) * count) ** 0.5
    assert abs(kept - kept_share(rate) * count) < 5 * deviation
    assert abs(kept - (1 - rate) * count) > 5 * deviation


@given(st.floats(0, 1, exclude_max=True))
def test_the_kept_share_is_within_2_to_the_minus_16_of_the_rate(rate: float) -> None:
    assert 0 < kept_share(rate) <= 1
    assert abs(kept_share(rate) - (1 - rate)) <= 2**-16


def test_a_rate_just_below_one_keeps_finite_values() -> None:
    rate = 1 - 1e-9
    value = torch.ones(2**20, dtype=torch.float64)
    dropped = _drop(rate, value)
    assert set(dropped.tolist()) <= {0.0, 65536.0}
    assert 0 < (dropped != 0).sum() < 60  # 16 expected


@pytest.mark.parametrize("rate", [-0.1, 1.0, 1.5, float("nan")])
def test_a_rate_outside_0_to_1_is_refused(rate: float) -> None:
    with pytest.raises(ValueError, match="rate"):
        kept_share(rate)


def test_elements_kept_at_a_higher_rate_are_kept_at_a_lower_one() -> None:
    value = torch.ones(100_000)
    masks = [_drop(rate, value) != 0 for rate in (0.05, 0.1, 0.3, 0.7)]
    for lower, higher in pairwise(masks):
        assert not (higher & ~lower).any()
        assert (lower & ~higher).any()


def test_the_gradient_is_the_mask() -> None:
    value = (torch.rand(50, 60, dtype=torch.float64) + 1).requires_grad_()
    incoming = torch.randn(50, 60, dtype=torch.float64)
    dropped = _drop(0.3, value)
    dropped.backward(incoming)
    torch.testing.assert_close(value.grad, incoming * dropped.detach() / value.detach())


@pytest.mark.parametrize("precision", [torch.float32, torch.float64, torch.bfloat16])
def test_the_dtype_is_preserved(precision: torch.dtype) -> None:
    assert _drop(0.3, torch.ones(8, dtype=precision)).dtype == precision


# --- sites ----------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class _Recording(Noise):
    """Noise that records its masks and rates."""

    masks: dict[str, torch.Tensor] = field(default_factory=dict)
    rates: dict[str, float] = field(default_factory=dict)

    def keep(self, site: str, shape: Sequence[int], rate: float) -> torch.Tensor:
        self.rates[site] = rate
        self.masks[site] = super().keep(site, shape, rate)
        return self.masks[site]


def _recorded(model: Transformer, batch: Batch) -> _Recording:
    noise = _Recording(seed=3, update=5)
    _hidden(model, batch, noise)
    return noise


SUBLAYERS = [
    "encoder.0.self_attention",
    *(f"decoder.{layer}.{kind}_attention" for layer in (0, 1) for kind in ("self", "cross")),
]
FEED_FORWARDS = ["encoder.0.feed_forward", "decoder.0.feed_forward", "decoder.1.feed_forward"]
EMBEDDINGS = ["encoder.embedding", "decoder.embedding"]
WEIGHTS = [f"{place}.attention.weights" for place in SUBLAYERS]
HEADS = [f"{place}.attention.heads" for place in SUBLAYERS]
RESIDUALS = [f"{place}.residual" for place in SUBLAYERS + FEED_FORWARDS]
EVERYWHERE = EMBEDDINGS + WEIGHTS + FEED_FORWARDS + RESIDUALS


def _at(paths: Sequence[str], rate: float) -> dict[str, float]:
    return dict.fromkeys(paths, rate)


@pytest.mark.parametrize(
    ("dropout", "expected"),
    [
        (Dropout(), {}),
        (Dropout(rate=0.1), _at(EVERYWHERE, 0.1)),
        (Dropout(rates={"embedding": 0.2}), _at(EMBEDDINGS, 0.2)),
        (Dropout(rates={"attention.weights": 0.2}), _at(WEIGHTS, 0.2)),
        (Dropout(rates={"attention.heads": 0.2}), _at(HEADS, 0.2)),
        (Dropout(rates={"feed_forward": 0.2}), _at(FEED_FORWARDS, 0.2)),
        (Dropout(rates={"residual": 0.2}), _at(RESIDUALS, 0.2)),
        (Dropout(rates={"encoder.residual": 0.2}), _at([RESIDUALS[0], RESIDUALS[5]], 0.2)),
        (Dropout(rates={"decoder.attention.weights": 0.2}), _at(WEIGHTS[1:], 0.2)),
        (Dropout(rates={"decoder.1.attention.weights": 0.2}), _at(WEIGHTS[3:], 0.2)),
        (Dropout(rates={"decoder.embedding": 0.2}), {"decoder.embedding": 0.2}),
        (Dropout(rates={"decoder.1.feed_forward": 0.2}), {"decoder.1.feed_forward": 0.2}),
        (
            Dropout(rates={"decoder.0.cross_attention.attention.weights": 0.2}),
            {"decoder.0.cross_attention.attention.weights": 0.2},
        ),
        (
            Dropout(rates={"decoder.1.feed_forward.residual": 0.2}),
            {"decoder.1.feed_forward.residual": 0.2},
        ),
        (
            Dropout(rate=0.1, rates={"embedding": 0.0, "encoder.embedding": 0.4}),
            _at(EVERYWHERE, 0.1) | {"encoder.embedding": 0.4, "decoder.embedding": 0.0},
        ),
        (
            Dropout(
                rates={
                    "decoder.1.cross_attention.residual": 0.4,
                    "decoder.1.residual": 0.3,
                    "decoder.residual": 0.2,
                    "residual": 0.1,
                }
            ),
            _at(RESIDUALS, 0.1)
            | _at([path for path in RESIDUALS if path.startswith("decoder")], 0.2)
            | _at([path for path in RESIDUALS if path.startswith("decoder.1")], 0.3)
            | {"decoder.1.cross_attention.residual": 0.4},
        ),
    ],
)
def test_rates_apply_to_the_named_sites_only(
    dropout: Dropout, expected: Mapping[str, float], transformer: MakeModel, batch: Batch
) -> None:
    rates = _recorded(_apply(dropout, transformer()), batch).rates
    assert rates == {path: rate for path, rate in expected.items() if rate}


def test_the_order_of_rates_does_not_matter(transformer: MakeModel, batch: Batch) -> None:
    rates = {"residual": 0.1, "decoder.1.residual": 0.3}
    one = _recorded(_apply(Dropout(rates=rates), transformer()), batch)
    other = _recorded(_apply(Dropout(rates=dict(reversed(rates.items()))), transformer()), batch)
    assert one.rates == other.rates


def _site_outputs(model: Transformer, batch: Batch) -> dict[str, torch.Tensor]:
    """The output of every site, in the order of computation."""
    seen: dict[str, torch.Tensor] = {}

    def watch(value: torch.Tensor, site: Site, noise: Noise) -> torch.Tensor:
        seen[site.path] = value
        return value

    for site in model.sites.values():
        site.fill(watch)
    _hidden(model, batch)
    return seen


@pytest.mark.parametrize("path", EVERYWHERE + HEADS)
def test_the_first_site_whose_value_changes_is_the_named_one(
    path: str, transformer: MakeModel, batch: Batch
) -> None:
    plain = _site_outputs(transformer(), batch)
    dropped = _site_outputs(_apply(Dropout(rates={path: 0.5}), transformer()), batch)
    assert list(plain) == list(dropped)
    before = list(plain)[: list(plain).index(path)]
    assert all(torch.equal(plain[name], dropped[name]) for name in before)
    mask = NOISE.keep(path, plain[path].shape, 0.5)
    assert torch.equal(dropped[path], plain[path] * mask * 2)
    assert not torch.equal(dropped[path], plain[path])


@pytest.mark.parametrize("off", ["residual", "encoder.embedding", "decoder.0.attention.weights"])
def test_turning_a_site_off_changes_no_other_mask(
    off: str, transformer: MakeModel, batch: Batch
) -> None:
    masks = _recorded(_apply(Dropout(rate=0.3), transformer()), batch).masks
    others = _recorded(_apply(Dropout(rate=0.3, rates={off: 0.0}), transformer()), batch).masks
    assert 0 < len(others) < len(masks)
    assert all(torch.equal(mask, masks[path]) for path, mask in others.items())


def test_no_two_sites_share_a_mask(transformer: MakeModel, batch: Batch) -> None:
    masks = list(_recorded(_apply(Dropout(rate=0.5), transformer()), batch).masks.values())
    for number, mask in enumerate(masks):
        for other in masks[number + 1 :]:
            assert mask.shape != other.shape or not torch.equal(mask, other)


@pytest.mark.parametrize("dropout", [Dropout(rate=0.0), Dropout(rates={"residual": 0.0})])
def test_a_rate_of_zero_equals_no_dropout_bit_for_bit(
    dropout: Dropout, transformer: MakeModel, batch: Batch
) -> None:
    model = _apply(dropout, transformer())
    assert not any(site.active(NOISE) for site in model.sites.values())
    assert torch.equal(_hidden(model, batch), _hidden(transformer(), batch))


def test_without_noise_nothing_is_dropped(transformer: MakeModel, batch: Batch) -> None:
    model = _apply(Dropout(rate=0.5), transformer())
    assert torch.equal(_hidden(model, batch, None), _hidden(transformer(), batch, None))
    assert not torch.equal(_hidden(model, batch), _hidden(transformer(), batch))


# --- kinds ----------------------------------------------------------------------------------------

VECTORS = "encoder.embedding"
FOUR = "decoder.0.cross_attention.attention.weights"


def _of_kind(
    kind: str, value: torch.Tensor, *, path: str = VECTORS, rate: float = 0.4
) -> torch.Tensor:
    options = EncoderDecoder(d_model=2, d_ff=1, heads=1, layers=1)
    model = Transformer(options, source_classes=4, target_classes=4)
    return _apply(Dropout(rate=rate, kind=kind), model).sites[path](value, NOISE)


@pytest.mark.parametrize(
    ("kind", "path", "shape"),
    [
        ("standard", VECTORS, (20, 30, 40)),
        ("feature", VECTORS, (20, 1, 40)),
        ("token", VECTORS, (20, 30, 1)),
        ("standard", FOUR, (20, 30, 4, 5)),
        ("feature", FOUR, (20, 30, 1, 5)),
        ("token", FOUR, (20, 1, 4, 1)),
    ],
)
def test_elements_of_a_kind_are_dropped_together(
    kind: str, path: str, shape: tuple[int, ...]
) -> None:
    value = torch.rand(20, 30, *((40,) if path == VECTORS else (4, 5)), dtype=torch.float64) + 1
    factors = _of_kind(kind, value, path=path) / value
    mask = NOISE.keep(path, shape, 0.4).double() / kept_share(0.4)
    torch.testing.assert_close(factors, mask.expand_as(factors), rtol=1e-14, atol=0)
    lengths = zip(mask.shape, factors.shape, strict=True)
    for dimension in (d for d, (one, all_) in enumerate(lengths) if one == all_):
        assert not torch.equal(mask, mask.roll(1, dimension))


def test_token_alpha_dropout_changes_what_feature_alpha_dropout_changes_in_torch() -> None:
    value = torch.ones(50, 60, 8, dtype=torch.float64)
    ours = _of_kind("token_alpha", value)
    theirs = torch.nn.functional.feature_alpha_dropout(value, 1 - kept_share(0.4), training=True)
    for dropped in (ours, theirs):
        token = dropped[:, :, :1]
        assert torch.equal(dropped, token.expand_as(dropped))
        assert abs((token == token.min()).double().mean() - 0.4) < 0.05
    torch.testing.assert_close(ours.unique(), theirs.unique(), rtol=0, atol=1e-9)


def test_token_dropout_equals_feature_dropout_in_torch() -> None:
    value = torch.ones(50, 60, 8)
    for dropped in (torch.feature_dropout(value, 0.4, train=True), _of_kind("token", value)):
        token = dropped[:, :, :1]
        assert torch.equal(dropped, token.expand_as(dropped))
        assert abs((token == 0).double().mean() - 0.4) < 0.05


@pytest.mark.parametrize("rate", [0.0625, 0.25, 0.75])
def test_alpha_dropout_of_ones_has_the_two_values_of_torch(rate: float) -> None:
    """Masks cannot be passed to torch, but the result of a one shows if it was kept."""
    ones = torch.ones(64, 64, dtype=torch.float64)
    torch.manual_seed(1)
    theirs = torch.nn.functional.alpha_dropout(ones, rate, training=True).unique()
    ours = _of_kind("alpha", ones[None], rate=rate).unique()
    torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-9)
    assert len(ours) == 2


@pytest.mark.parametrize("rate", [0.0625, 0.25, 0.75])
def test_alpha_dropout_equals_the_closed_form_of_the_paper(rate: float) -> None:
    """a (x or -s) + a s rate, s = lambda alpha of SELU, a = ((s^2 rate + 1) (1 - rate))^-1/2."""
    s = 1.0507009873554805 * 1.6732632423543772
    assert s == pytest.approx(1.7580993408473766, abs=1e-15)
    a = ((s**2 * rate + 1) * (1 - rate)) ** -0.5
    value = torch.linspace(-2, 2, 4096, dtype=torch.float64).view(1, 64, 64)
    ours = _of_kind("alpha", value, rate=rate)
    dropped = a * -s + a * s * rate
    kept = (ours - dropped).abs() > 1e-12
    torch.testing.assert_close(ours[kept], (a * value + a * s * rate)[kept], rtol=0, atol=1e-12)
    assert abs(kept.double().mean().item() - (1 - rate)) < 0.05


@pytest.mark.parametrize("kind", ["alpha", "feature_alpha", "token_alpha"])
@pytest.mark.parametrize("rate", [0.1, 0.3])
def test_alpha_dropout_preserves_mean_and_variance(kind: str, rate: float) -> None:
    generator = torch.Generator().manual_seed(1)
    value = torch.randn(2000, 2, 500, generator=generator, dtype=torch.float64)
    if kind == "token_alpha":
        value = value.transpose(1, 2).contiguous()  # as many masks as for features
    dropped = _of_kind(kind, value, rate=rate)
    assert abs(dropped.mean()) < 0.006
    assert abs(dropped.var() - 1) < 0.01


def test_alpha_dropout_drops_the_same_elements_as_standard_dropout() -> None:
    value = torch.rand(20, 30, 40, dtype=torch.float64)
    for plain, alpha in (
        ("standard", "alpha"),
        ("feature", "feature_alpha"),
        ("token", "token_alpha"),
    ):
        low = _of_kind(alpha, value)
        assert torch.equal(low == low.min(), _of_kind(plain, value) == 0)


@pytest.mark.parametrize("kind", ["feature", "token", "alpha", "feature_alpha", "token_alpha"])
def test_every_kind_applies_to_every_site_and_does_nothing_at_zero(
    kind: str, transformer: MakeModel, batch: Batch
) -> None:
    heads = {"attention.heads": 0.3}
    hidden = _hidden(_apply(Dropout(rate=0.3, kind=kind, rates=heads), transformer()), batch)
    assert hidden.isfinite().all()
    assert not torch.equal(hidden, _hidden(transformer(), batch))
    plain = _hidden(_apply(Dropout(kind=kind), transformer()), batch)
    assert torch.equal(plain, _hidden(transformer(), batch))


# --- errors ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "layer",
        "attention.scores",
        "decoder.0.layer",
        "dropout",
        "residuals",
        "encoder",
        "x.residual",
        "decoder..residual",
        "decoder.one.residual",
        "0.residual",
        ".residual",
        "",
    ],
)
def test_an_invalid_site_is_refused_with_the_valid_kinds(name: str) -> None:
    with pytest.raises(ValueError, match=r"kinds of site are embedding, attention\.weights, feed"):
        Dropout(rates={name: 0.1})


def test_a_missing_site_is_refused_with_the_nearest_ones(
    transformer: MakeModel,
) -> None:
    rates = {"decoder.2.residual": 0.1, "residual": 0.1, "encoder.0.cross_attention.residual": 0.1}
    model = transformer()
    with pytest.raises(HarnessError) as caught:
        _apply(Dropout(rates=rates), model)
    first, second = str(caught.value).splitlines()
    assert "no site 'decoder.2.residual'" in first
    assert "decoder.1.residual" in first
    assert "no site 'encoder.0.cross_attention.residual'" in second
    assert not any(site.perturbations for site in model.sites.values())
