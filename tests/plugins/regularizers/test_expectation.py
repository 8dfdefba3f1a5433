"""The mean over training's noise is what evaluation has, or differs by what a docstring says.

Dropout's and DropHead's rescaling, LoRA's two dropouts, LayerDrop, DropKey and alpha dropout, each
by the mean of many passes and its standard error.
"""

from __future__ import annotations

import pytest
import torch
from support.regularized_model import regularize

from harness.components import Regularizer
from harness.streams import Noise, generator
from harness.testing import fixtures
from harness_regularizers import DropHead, DropKey, Dropout, LayerDrop, Lora, LoraDropout

RATE = 0.375  # a multiple of 2^-16, so that 1 - rate is exactly what is kept
KEPT = 0.625
SIZES = {"sentences": 2, "places": 3, "heads": 2, "target": 3, "source": 4, "1": 1}
NOISES = [Noise(seed=1, update=update) for update in range(1, 251)]


def _values(*shape: int) -> torch.Tensor:
    """Numbers between 0.5 and 1.5: a wrong scale shows in every one of them."""
    coins = generator(1, "order", *shape)
    return 0.5 + torch.rand(shape, generator=coins, dtype=torch.float64)


def _at_site(regularizer: Regularizer, kind: str) -> tuple[torch.Tensor, torch.Tensor]:
    """A value at a site, and what many passes of training make of it."""
    sites = regularize(regularizer, fixtures.model()).sites.values()
    site = next(site for site in sites if site.kind == kind)
    value = _values(*(SIZES.get(name, 4) for name in site.layout.split()))
    if kind == "layer":
        value = torch.ones_like(value)
    assert torch.equal(site(value, None), value)
    return value, torch.stack([site(value, noise) for noise in NOISES])


def _assert_mean(passes: torch.Tensor, expected: torch.Tensor) -> None:
    """Hold every element's mean against the expected one, within 5 standard errors."""
    error = passes.std(0) / len(passes) ** 0.5
    assert error.min() > 0, "nothing is random here"
    assert ((passes.mean(0) - expected).abs() <= 5 * error).all()


@pytest.mark.parametrize(
    ("regularizer", "kind"),
    [
        (Dropout(rate=RATE), "embedding"),
        (Dropout(rate=RATE), "attention.weights"),
        (Dropout(rate=RATE), "feed_forward"),
        (Dropout(rate=RATE), "residual"),
        (Dropout(rates={"attention.heads": RATE}), "attention.heads"),
        (Dropout(rate=RATE, kind="feature"), "residual"),
        (Dropout(rate=RATE, kind="feature"), "attention.weights"),
        (Dropout(rate=RATE, kind="token"), "residual"),
        (Dropout(rate=RATE, kind="token"), "attention.weights"),
        (DropHead(rate=RATE), "attention.heads"),
    ],
)
def test_what_is_rescaled_has_the_mean_of_evaluation(regularizer: Regularizer, kind: str) -> None:
    value, passes = _at_site(regularizer, kind)
    _assert_mean(passes, value)


def test_a_layer_in_training_has_less_than_its_share_in_evaluation() -> None:
    value, passes = _at_site(LayerDrop(rate=RATE), "layer")
    _assert_mean(passes, KEPT * value)


@pytest.mark.parametrize("kind", ["alpha", "feature_alpha", "token_alpha"])
def test_alpha_dropout_has_another_scale_than_evaluation(kind: str) -> None:
    value, passes = _at_site(Dropout(rate=RATE, kind=kind), "residual")
    minimum = -1.0507009873554805 * 1.6732632423543772
    scale = (KEPT + minimum**2 * KEPT * (1 - KEPT)) ** -0.5  # Klambauer et al. 2017
    _assert_mean(passes, scale * KEPT * value)


def test_attention_without_some_keys_is_flatter_than_evaluation() -> None:
    scores, passes = _at_site(DropKey(rate=RATE), "attention.scores")
    hidden = passes.isinf().all(-1, keepdim=True)
    weights = (4 * torch.where(hidden, 0.0, passes)).softmax(-1)
    in_evaluation = (4 * scores).softmax(-1)
    largest = in_evaluation.argmax(-1, keepdim=True).expand(len(passes), -1, -1, -1, -1)
    lost = (in_evaluation - weights).gather(-1, largest).flatten(1).mean(1)
    assert lost.mean() > 5 * lost.std() / len(passes) ** 0.5


@pytest.mark.parametrize(
    ("regularizer", "share"),
    [
        (Lora(rank=2, targets=("value",), dropout=RATE), 1.0),
        (LoraDropout(rank=2, targets=("value",), rate=RATE), 1.0),
        (LoraDropout(rank=2, targets=("value",), rate=RATE, matrices="A"), 1.0),
        (LoraDropout(rank=2, targets=("value",), rate=RATE, matrices="B"), 1.0),
        (LoraDropout(rank=2, targets=("value",), rate=RATE, rescale="none"), KEPT**2),
        (LoraDropout(rank=2, targets=("value",), rate=RATE, rescale="none", matrices="A"), KEPT),
        (LoraDropout(rank=2, targets=("value",), rate=RATE, rescale="none", matrices="B"), KEPT),
    ],
)
def test_an_adapter_has_the_mean_of_evaluation_if_it_is_rescaled(
    regularizer: Regularizer, share: float
) -> None:
    model = regularize(regularizer, fixtures.model())
    adapter = model.projections["decoder.0.self_attention.value"].adapter
    assert adapter is not None
    with torch.no_grad():
        for parameter in adapter.parameters():
            parameter.copy_(_values(*parameter.shape))
        states = _values(1, 1, 16)
        passes = torch.stack([adapter(states, noise) for noise in NOISES])
        _assert_mean(passes, share * adapter(states, None))
