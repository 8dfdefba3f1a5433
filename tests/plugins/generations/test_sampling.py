"""Held against distributions computed in numpy, by chi-square tests."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from harness.contracts import EOS, Setting
from harness_generations import Greedy, Sampling
from harness_models.transformer import Transformer

SETTING = Setting(seed=1, classes=12, d_model=8, updates=100)
Toy = Callable[..., Transformer]


def _decode(
    model: Transformer,
    source: torch.Tensor,
    *,
    sentences: Sequence[int] | None = None,
    setting: Setting = SETTING,
    **options: float,
) -> list[list[int]]:
    generate = Sampling(**options).build(setting)
    return generate(model, source, sentences=sentences or range(len(source)))


def _distribution(
    logits: np.ndarray, *, temperature: float, top_k: int | None, top_p: float
) -> np.ndarray:
    """The probabilities of tokens 2 to 11, truncated in a plain loop."""
    powers = np.exp(logits[2:] / temperature)
    order = np.argsort(-powers)[:top_k]
    kept, total = [], 0.0
    for token in order:
        kept.append(token)
        total += powers[token] / powers[order].sum()
        if total >= top_p:
            break
    probabilities = np.zeros_like(powers)
    probabilities[kept] = powers[kept] / powers[kept].sum()
    return probabilities


@pytest.mark.parametrize(
    ("temperature", "top_k", "top_p"),
    [
        (1.0, None, 1.0),
        (2.0, None, 1.0),
        (0.5, None, 1.0),
        (2.0, 3, 1.0),
        (2.0, None, 0.7),
        (2.0, 5, 0.7),
        (1.0, 99, 1.0),
        (1.0, None, 1e-9),
    ],
)
def test_tokens_follow_the_distribution_set_by_the_options(
    temperature: float, top_k: int | None, top_p: float, toy: Toy, sources: torch.Tensor
) -> None:
    model, count = toy(5), 2000
    source = sources[:1, :1].expand(count, 1)
    hidden = model.decode(model.embed(torch.tensor([[1]])), model.encode(source[:1]))
    options = {"temperature": temperature, "top_k": top_k, "top_p": top_p}
    probabilities = _distribution(model.project(hidden)[0, 0].numpy(), **options)
    generated = _decode(model, source, extra=0, **options)
    counts = np.bincount([words[0] if words else EOS for words in generated], minlength=12)[2:]
    assert counts[probabilities == 0].sum() == 0
    if (probabilities > 0).sum() > 1:
        likely = probabilities * count > 5
        observed = [*counts[likely], counts[~likely].sum()]
        expected = [*probabilities[likely] * count, probabilities[~likely].sum() * count]
        sparse = expected[-1] < 1
        observed, expected = (bins[:-1] if sparse else bins for bins in (observed, expected))
        expected = np.array(expected) * sum(observed) / sum(expected)
        assert stats.chisquare(observed, expected).pvalue > 1e-4


def test_a_later_token_follows_the_distribution_given_its_prefix(
    toy: Toy, sources: torch.Tensor
) -> None:
    model, count = toy(5), 4000
    source = sources[:1, :2].expand(count, 2)
    generated = [[*words, EOS] for words in _decode(model, source, extra=0)]
    first = max(set(range(3, 12)), key=[words[0] for words in generated].count)
    second = [words[1] for words in generated if words[0] == first]
    hidden = model.decode(model.embed(torch.tensor([[1, first]])), model.encode(source[:1]))
    probabilities = _distribution(
        model.project(hidden)[0, 1].numpy(), temperature=1.0, top_k=None, top_p=1.0
    )
    counts = np.bincount(second, minlength=12)[2:]
    assert len(second) > 300
    likely = probabilities * len(second) > 5
    expected = probabilities[likely] * counts[likely].sum() / probabilities[likely].sum()
    assert likely.sum() > 1
    assert stats.chisquare(counts[likely], expected).pvalue > 1e-4


def test_a_sentence_does_not_depend_on_its_batch(toy: Toy, sources: torch.Tensor) -> None:
    model = toy(9)
    together = _decode(model, sources, temperature=2.0, extra=5)
    torch.rand(3)
    alone = [
        _decode(model, row[None], sentences=[number], temperature=2.0, extra=5)[0]
        for number, row in enumerate(sources)
    ]
    backward = _decode(model, sources.flip(0), sentences=range(5, -1, -1), temperature=2.0, extra=5)
    assert together == alone == backward[::-1]


def test_other_sentences_and_other_seeds_get_other_tokens(toy: Toy, sources: torch.Tensor) -> None:
    model, same = toy(9), sources[:1].expand(12, 5)
    generated = _decode(model, same, temperature=3.0, extra=5)
    other = Setting(seed=2, classes=12, d_model=8, updates=100)
    assert len(set(map(tuple, generated))) > 9
    assert _decode(model, same, temperature=3.0, extra=5, setting=other) != generated


@settings(max_examples=6)
@given(seed=st.integers(0, 10_000))
def test_sampling_from_one_token_is_greedy_decoding(
    seed: int, toy: Toy, sources: torch.Tensor
) -> None:
    model = toy(seed)
    greedy = Greedy(extra=6).build(SETTING)(model, sources, sentences=range(len(sources)))
    assert _decode(model, sources, top_k=1, extra=6) == greedy
    assert _decode(model, sources, top_p=1e-12, extra=6) == greedy
    assert _decode(model, sources, temperature=1e-9, extra=6) == greedy
