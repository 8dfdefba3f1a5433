from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from scipy import optimize, stats

from harness.components import Decay
from harness.contracts import Batch, Rate, Setting
from harness.streams import Noise
from harness_decoding_policies import ScheduledSampling
from harness_decoding_policies.mixtures import sparsemax
from harness_models.transformer import Transformer

SETTING = Setting(seed=1, classes=12, d_model=8, updates=100)
NOISE = Noise(seed=1, update=3)


@dataclass(frozen=True, kw_only=True)
class Never(Decay):
    """A share of gold of 0."""

    name = "never"

    def build(self, setting: Setting) -> Rate:
        return lambda update: 0.0


def _read(successor: type, rows: int, **options: object) -> tuple[np.ndarray, np.ndarray]:
    """The weights of tokens 2 to 11 in the input after bos, one row per sentence, and the logits.

    In the `Successor` model embeddings are one-hot, so the embedded input consists of weights.
    """

    class Recorded(successor):  # type: ignore[misc]  # a class that comes from a fixture
        def decode(self, embedded: torch.Tensor, *args: object, **kwargs: object) -> torch.Tensor:
            self.seen = embedded
            return super().decode(embedded, *args, **kwargs)

    model = Recorded({})
    generator = torch.Generator().manual_seed(4)
    model._logits = 2 * torch.randn(12, 12, generator=generator)
    target = torch.tensor([[1, 4, 5, 2]] * rows)
    batch = Batch(source=target, target=target, tokens=3 * rows)
    policy = ScheduledSampling(decay=Never(), **options)
    policy.build(SETTING)(model, batch, update=3, noise=NOISE)
    assert not model.seen[:, 1:, :2].any()  # neither pad nor bos
    torch.testing.assert_close(model.seen.sum(-1), torch.ones(rows, 3))
    return model.seen[:, 1, 2:].double().numpy(), model._logits[1, 2:].double().numpy()


def _softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits)
    return powers / powers.sum()


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_softmax_weights_every_token_by_its_probability(
    successor: type, temperature: float
) -> None:
    (weights,), logits = _read(successor, 1, mixture="softmax", temperature=temperature)
    np.testing.assert_allclose(weights, _softmax(logits / temperature), rtol=1e-5)


@pytest.mark.parametrize("top_k", [1, 3, 5, 10, 50])
def test_top_k_weights_are_renormalized_probabilities(successor: type, top_k: int) -> None:
    (weights,), logits = _read(successor, 1, mixture="top_k", top_k=top_k)
    best = np.argsort(-logits)[:top_k]
    expected = np.zeros(10)
    expected[best] = _softmax(logits[best])
    np.testing.assert_allclose(weights, expected, rtol=1e-5)


@pytest.mark.parametrize("temperature", [0.5, 2.0])
def test_gumbel_weights_are_a_softmax_of_logits_and_gumbel_noise(
    successor: type, temperature: float
) -> None:
    weights, logits = _read(successor, 4000, mixture="gumbel", temperature=temperature)
    counts = np.bincount(weights.argmax(-1), minlength=10)
    law = _softmax(logits)
    likely = law * 4000 > 5
    expected = law[likely] * counts[likely].sum() / law[likely].sum()
    assert stats.chisquare(counts[likely], expected).pvalue > 1e-4
    # Between two tokens the noise is a difference of two Gumbel numbers, which is logistic.
    one, other = np.argsort(-logits)[:2]
    noise = temperature * np.log(weights[:, one] / weights[:, other]) - logits[one] + logits[other]
    assert stats.kstest(noise, stats.logistic.cdf).pvalue > 1e-4


def test_sparsemax_is_the_projection_onto_the_simplex(successor: type) -> None:
    (weights,), logits = _read(successor, 1, mixture="sparsemax")

    def excess(threshold: float) -> float:
        return float(np.maximum(logits - threshold, 0).sum() - 1)

    threshold = optimize.brentq(excess, logits.min() - 1, logits.max(), xtol=1e-14)
    np.testing.assert_allclose(weights, np.maximum(logits - threshold, 0), atol=1e-5)
    assert 0 < (weights > 0).sum() < 10


def test_sparsemax_has_the_gradient_of_a_projection() -> None:
    generator = torch.Generator().manual_seed(1)
    logits = torch.randn(4, 7, generator=generator, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(sparsemax, (logits,))


@pytest.mark.parametrize("through", [False, True])
def test_gradients_flow_through_the_first_pass_only_if_enabled(
    *, through: bool, transformer: Callable[[], Transformer], batch: Batch
) -> None:
    model = transformer()
    table = model.embed(torch.arange(12)[None])[0]
    gold, memory = model.embed(batch.target_input), model.encode(batch.source)
    logits = model.project(model.decode(gold, memory))
    logits = logits.index_fill(-1, torch.tensor([0, 1]), -torch.inf)
    weights = logits.softmax(-1)
    weights = weights if through else weights.detach()
    mixed = torch.cat([gold[:, :1], weights[:, :-1] @ table], 1)
    mixed = torch.where(batch.real[..., None], mixed, gold)
    expected = model.project(model.decode(mixed, memory))[batch.real]

    policy = ScheduledSampling(decay=Never(), mixture="softmax", through_first_pass=through)
    prediction = policy.build(SETTING)(model, batch, update=3, noise=NOISE)
    torch.testing.assert_close(prediction.logits, expected, rtol=0, atol=1e-12)
    names, parameters = zip(*model.named_parameters(), strict=True)
    ours = torch.autograd.grad(prediction.logits.logsumexp(-1).sum(), parameters)
    theirs = torch.autograd.grad(expected.logsumexp(-1).sum(), parameters)
    for name, our, their in zip(names, ours, theirs, strict=True):
        torch.testing.assert_close(our, their, rtol=0, atol=1e-9, msg=name)


@pytest.mark.parametrize("mixture", ["argmax", "sample"])
def test_gradients_through_a_discrete_choice_are_refused(mixture: str) -> None:
    with pytest.raises(ValueError, match=f"no gradient flows through {mixture}"):
        ScheduledSampling(decay=Never(), mixture=mixture, through_first_pass=True)
