"""Held against greedy decoding token by token, and numbers of passes counted by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.contracts import EOS, Memory, Projection, Setting, Site
from harness_generations import Greedy, Lookahead
from harness_models.transformer import Transformer

SETTING = Setting(seed=1, classes=12, d_model=8, updates=100)
Toy = Callable[..., Transformer]


def _decode(model: object, source: torch.Tensor, **options: int) -> list[list[int]]:
    return Lookahead(**options).build(SETTING)(model, source, sentences=range(len(source)))


@settings(max_examples=6)
@given(
    seed=st.integers(0, 10_000),
    window=st.integers(1, 7),
    size=st.integers(2, 5),
    candidates=st.integers(0, 4),
    extra=st.integers(0, 8),
)
def test_it_equals_greedy_decoding(
    seed: int,
    window: int,
    size: int,
    candidates: int,
    extra: int,
    toy: Toy,
    sources: torch.Tensor,
) -> None:
    model = toy(seed)
    greedy = Greedy(extra=extra).build(SETTING)(model, sources, sentences=range(len(sources)))
    ours = _decode(model, sources, window=window, size=size, candidates=candidates, extra=extra)
    assert ours == greedy


def test_it_equals_greedy_decoding_on_padded_sources(toy: Toy, sources: torch.Tensor) -> None:
    model, padded = toy(8), sources.clone()
    padded[1:4, 3:] = 0
    greedy = Greedy(extra=9).build(SETTING)(model, padded, sentences=range(len(padded)))
    assert _decode(model, padded, extra=9) == greedy


# --- by hand --------------------------------------------------------------------------------------


class Cycle:
    """Generates 4, 5, ..., `most`, again and again: each token determines the next."""

    def __init__(self, *, most: int, classes: int = 12) -> None:
        self.sites: dict[str, Site] = {}
        self.projections: dict[str, Projection] = {}
        self.read: list[torch.Tensor] = []
        self._after = torch.zeros(classes, classes)
        for token in range(classes):
            self._after[token, token + 1 if 4 <= token < most else 4] = 1.0

    def named_parameters(self) -> Iterator[tuple[str, torch.nn.Parameter]]:
        return iter(())

    def encode(self, source: torch.Tensor, *, noise: object = None) -> Memory:
        return Memory(source[..., None].float(), None)

    def embed(self, tokens: torch.Tensor) -> torch.Tensor:
        self.read.append(tokens)
        return torch.nn.functional.one_hot(tokens, len(self._after)).float()

    def decode(self, embedded: torch.Tensor, memory: Memory, **options: object) -> torch.Tensor:
        return embedded

    def project(self, hidden: torch.Tensor) -> torch.Tensor:
        return hidden @ self._after

    def start(self, memory: Memory) -> object:
        raise NotImplementedError

    def step(self, tokens: torch.Tensor, cache: object) -> torch.Tensor:
        raise NotImplementedError


def _passes(model: Cycle, *, tokens: int, **options: int) -> int:
    source = torch.tensor([[4]])
    (generated,) = _decode(model, source, extra=tokens - 1, **options)
    assert generated == [4 + place % 4 for place in range(tokens)]
    return len(model.read)


def test_identical_guesses_save_no_passes() -> None:
    # Identical guesses get identical predictions, so that a pass verifies one token only; a window
    # saves passes only if a guess is right before its position is reached.
    assert _passes(Cycle(most=7), tokens=12, window=3, candidates=0) == 12


def test_ngrams_from_the_pool_are_accepted_whole() -> None:
    # Trigrams on the window's diagonals are right after one cycle; from then on, a pass accepts
    # the two tokens that a candidate adds, and the model's next one.
    model = Cycle(most=7)
    assert _passes(model, tokens=40, window=4, size=3, candidates=5) < 40 * 0.5
    assert max(len(rows) for rows in model.read) > 1


@pytest.mark.parametrize("candidates", [0, 1, 3])
def test_a_pass_reads_the_window_and_a_limited_number_of_candidates(
    candidates: int, toy: Toy, sources: torch.Tensor
) -> None:
    model, rows = toy(8), []
    model.decoder[0].register_forward_hook(lambda *call: rows.append(len(call[-1])))
    _decode(model, sources[:1], candidates=candidates, extra=20)
    assert max(rows) == 1 + candidates


def test_eos_ends_a_sentence_even_if_guesses_follow() -> None:
    model = Cycle(most=7)
    model._after[6] = 0.0
    model._after[6, EOS] = 1.0
    assert _decode(model, torch.tensor([[4], [5]]), extra=9) == [[4, 5, 6]] * 2
