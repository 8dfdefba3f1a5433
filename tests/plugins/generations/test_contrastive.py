"""Held against the paper's equation in numpy, and greedy decoding at alpha 0."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.contracts import EOS, Setting
from harness_generations import Contrastive, Greedy
from harness_models.transformer import Transformer

SETTING = Setting(seed=1, classes=12, d_model=8, updates=100)
Toy = Callable[..., Transformer]
Feed = Callable[..., torch.Tensor]


def _decode(model: Transformer, source: torch.Tensor, **options: float) -> list[list[int]]:
    generate = Contrastive(**options).build(SETTING)
    return generate(model, source, sentences=range(len(source)))


def _by_equation(
    model: Transformer, feed: Feed, source: torch.Tensor, *, alpha: float, top_k: int, limit: int
) -> list[int]:
    """The equation of the paper, with the whole prefix fed again for each candidate."""
    words: list[int] = []
    while len(words) < limit:
        hidden = feed(model, source, words).numpy()
        powers = np.exp(model.project(torch.from_numpy(hidden[-1])).numpy()[2:])
        probabilities = powers / powers.sum()
        scores = {}
        for token in (np.argsort(-probabilities)[:top_k] + 2).tolist():
            after = feed(model, source, [*words, token]).numpy()[-1]
            cosines = [
                float(after @ state / np.linalg.norm(after) / np.linalg.norm(state))
                for state in hidden
            ]
            scores[token] = (1 - alpha) * probabilities[token - 2] - alpha * max(cosines)
        words.append(max(scores, key=scores.__getitem__))
        if words[-1] == EOS:
            return words[:-1]
    return words


@pytest.mark.parametrize(("alpha", "top_k"), [(0.6, 4), (0.5, 2), (1.0, 99)])
def test_it_follows_the_equation(
    alpha: float, top_k: int, toy: Toy, feed: Feed, sources: torch.Tensor
) -> None:
    model = toy(8)
    expected = [
        _by_equation(model, feed, row, alpha=alpha, top_k=top_k, limit=5 + 3) for row in sources[:4]
    ]
    assert _decode(model, sources, alpha=alpha, top_k=top_k, extra=3)[:4] == expected
    assert expected != _decode(model, sources, alpha=0.0, extra=3)[:4]


@settings(max_examples=6)
@given(seed=st.integers(0, 10_000), top_k=st.integers(1, 12), alpha=st.floats(0, 1))
def test_with_alpha_0_or_one_candidate_it_is_greedy_decoding(
    seed: int, top_k: int, alpha: float, toy: Toy, sources: torch.Tensor
) -> None:
    model = toy(seed)
    greedy = Greedy(extra=6).build(SETTING)(model, sources, sentences=range(len(sources)))
    assert _decode(model, sources, alpha=0.0, top_k=top_k, extra=6) == greedy
    assert _decode(model, sources, alpha=alpha, top_k=1, extra=6) == greedy


def test_it_repeats_less_than_greedy_decoding(toy: Toy, sources: torch.Tensor) -> None:
    def repeated(sentences: list[list[int]]) -> int:
        return sum(len(words) - len(set(words)) for words in sentences)

    model = toy(8)
    assert repeated(_decode(model, sources, extra=9)) < repeated(
        _decode(model, sources, alpha=0.0, extra=9)
    )
