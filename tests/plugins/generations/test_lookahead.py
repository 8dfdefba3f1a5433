"""Held against greedy decoding token by token, and by hand where passes are counted."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.contracts import EOS, Memory, Projection, Setting, Site
from harness.model import Transformer
from harness_generations import Greedy, Lookahead

SETTING = Setting(seed=1, classes=12, d_model=8, updates=100)
Toy = Callable[..., Transformer]


def _write(model: object, source: torch.Tensor, **options: int) -> list[list[int]]:
    return Lookahead(**options).build(SETTING)(model, source, sentences=range(len(source)))


@settings(max_examples=6)
@given(
    seed=st.integers(0, 10_000),
    window=st.integers(1, 7),
    size=st.integers(2, 5),
    candidates=st.integers(0, 4),
    extra=st.integers(0, 8),
)
def test_it_writes_what_greedy_decoding_writes(
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
    ours = _write(model, sources, window=window, size=size, candidates=candidates, extra=extra)
    assert ours == greedy


def test_sentences_with_padding_are_written_as_greedy_decoding_writes_them(
    toy: Toy, sources: torch.Tensor
) -> None:
    model, padded = toy(8), sources.clone()
    padded[1:4, 3:] = 0
    greedy = Greedy(extra=9).build(SETTING)(model, padded, sentences=range(len(padded)))
    assert _write(model, padded, extra=9) == greedy


# --- by hand --------------------------------------------------------------------------------------


class Round:
    """Writes 4, 5, ... up to `most`, over and over, whatever its source; a token says the next."""

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


def _passes(model: Round, *, tokens: int, **options: int) -> int:
    source = torch.tensor([[4]])
    (written,) = _write(model, source, extra=tokens - 1, **options)
    assert written == [4 + place % 4 for place in range(tokens)]
    return len(model.read)


def test_guesses_that_are_all_alike_gain_nothing() -> None:
    # Guesses that are alike at first are answered alike, and so one pass is one token; a window
    # gains only where a guess is right before its turn.
    assert _passes(Round(most=7), tokens=12, window=3, candidates=0) == 12


def test_sequences_from_the_pool_are_kept_whole() -> None:
    # Sequences of three from the window's diagonals are right once it has gone round; from then on
    # a pass writes the two that the candidate adds and the one after them.
    model = Round(most=7)
    assert _passes(model, tokens=40, window=4, size=3, candidates=5) < 40 * 0.5
    assert max(len(rows) for rows in model.read) > 1


@pytest.mark.parametrize("candidates", [0, 1, 3])
def test_a_pass_reads_the_window_and_at_most_so_many_candidates(
    candidates: int, toy: Toy, sources: torch.Tensor
) -> None:
    model, rows = toy(8), []
    model.decoder[0].register_forward_hook(lambda *call: rows.append(len(call[-1])))
    _write(model, sources[:1], candidates=candidates, extra=20)
    assert max(rows) == 1 + candidates


def test_eos_ends_a_sentence_though_guesses_go_on() -> None:
    model = Round(most=7)
    model._after[6] = 0.0
    model._after[6, EOS] = 1.0
    assert _write(model, torch.tensor([[4], [5]]), extra=9) == [[4, 5, 6]] * 2
