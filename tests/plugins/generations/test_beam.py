"""Held against brute force over all sentences, a plain search, and lp(10, 0.6) = 1.733."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import product

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.contracts import EOS, PAD, Memory, Projection, Setting, Site
from harness_generations import Beam, Greedy
from harness_models.transformer import Transformer

SETTING = Setting(seed=1, classes=12, d_model=8, updates=100)
Toy = Callable[..., Transformer]
Feed = Callable[..., torch.Tensor]
WORDS = (3, 4)  # in a vocabulary of five: all tokens that can be generated, except eos


def _search(model: Transformer, source: torch.Tensor, **options: object) -> list[list[int]]:
    generate = Beam(**options).build(SETTING)
    return generate(model, source, sentences=range(len(source)))


def _greedy(model: Transformer, source: torch.Tensor, *, extra: int) -> list[list[int]]:
    return Greedy(extra=extra).build(SETTING)(model, source, sentences=range(len(source)))


def _gnmt(length: int, alpha: float) -> float:
    return (5 + length) ** alpha / (5 + 1) ** alpha


def _power(length: int, alpha: float) -> float:
    return math.exp(alpha * math.log(length))


PENALTIES = {"gnmt": _gnmt, "power": _power}


def _logs(model: Transformer, hidden: torch.Tensor) -> torch.Tensor:
    """Log-probabilities of the tokens that may be generated."""
    logits = model.project(hidden)
    logits[..., [PAD, 1]] = -math.inf
    return logits.log_softmax(-1)


@pytest.mark.parametrize("alpha", [0.0, 0.6, 2.0])
@pytest.mark.parametrize("length_penalty", ["gnmt", "power"])
def test_an_exhaustive_beam_finds_the_best_of_all_sentences(
    alpha: float, length_penalty: str, toy: Toy, feed: Feed, sources: torch.Tensor
) -> None:
    model, source, longest = toy(6, classes=5), sources[:3, :2], 4
    every = [
        list(words) for length in range(longest + 1) for words in product(WORDS, repeat=length)
    ]
    assert len(every) == 31
    expected = []
    for row in source:
        scores = []
        for words in every:
            logs = _logs(model, feed(model, row, words))
            total = sum(logs[place, token].item() for place, token in enumerate([*words, EOS]))
            scores.append(total / PENALTIES[length_penalty](len(words) + 1, alpha))
        expected.append(every[scores.index(max(scores))])
    actual = _search(
        model, source, size=31, alpha=alpha, extra=longest - 2, length_penalty=length_penalty
    )
    assert actual == expected


def test_the_best_sentence_depends_on_the_penalty_and_is_not_greedy(
    toy: Toy, sources: torch.Tensor
) -> None:
    model, source = toy(6, classes=5), sources[:, :2]
    plain, gnmt, power = (
        _search(model, source, size=31, extra=2, alpha=alpha, length_penalty=kind)
        for alpha, kind in ((0.0, "gnmt"), (1.0, "gnmt"), (1.0, "power"))
    )
    assert plain != gnmt != power
    assert sum(map(len, plain)) < sum(map(len, gnmt)) < sum(map(len, power))
    assert plain != _greedy(model, source, extra=2)


@settings(max_examples=10)
@given(
    seed=st.integers(0, 10_000),
    alpha=st.floats(0, 2),
    kind=st.sampled_from(["gnmt", "power"]),
    extra=st.integers(0, 6),
)
def test_a_beam_of_one_is_greedy_decoding(
    seed: int, alpha: float, kind: str, extra: int, toy: Toy, sources: torch.Tensor
) -> None:
    model = toy(seed)
    ours = _search(model, sources, size=1, alpha=alpha, length_penalty=kind, extra=extra)
    assert ours == _greedy(model, sources, extra=extra)


# --- against a plain search of one sentence ------------------------------------------------


def _continued(
    model: Transformer, feed: Feed, source: torch.Tensor, beams: list[tuple[float, list[int]]]
) -> Iterator[tuple[float, list[int]]]:
    for score, words in beams:
        for token, log in enumerate(_logs(model, feed(model, source, words))[-1].tolist()):
            yield score + log, [*words, token]


def _plain_search(
    model: Transformer, feed: Feed, source: torch.Tensor, *, size: int, limit: int
) -> list[int]:
    beams: list[tuple[float, list[int]]] = [(0.0, [])]
    ended: list[tuple[float, list[int]]] = []
    while len(ended) < size:
        ranked = sorted(_continued(model, feed, source, beams), reverse=True)
        if len(beams[0][1]) == limit:
            ranked = [(score, words) for score, words in ranked if words[-1] == EOS]
        for score, words in ranked[:size]:
            if words[-1] == EOS:
                ended.append((score / _gnmt(len(words), 0.6), words[:-1]))
        if len(beams[0][1]) == limit:
            break
        beams = [(score, words) for score, words in ranked if words[-1] != EOS][:size]
    return max(ended)[1]


@pytest.mark.parametrize("size", [2, 4])
def test_batched_search_equals_a_search_of_each_sentence(
    size: int, toy: Toy, feed: Feed, sources: torch.Tensor
) -> None:
    model = toy(7)
    expected = [_plain_search(model, feed, row, size=size, limit=5 + 2) for row in sources]
    assert _search(model, sources, size=size, extra=2) == expected
    assert len({len(words) for words in expected}) > 2
    assert expected != _greedy(model, sources, extra=2)


def test_the_published_penalties() -> None:
    gnmt = Beam(alpha=0.6)._penalty(10)
    power = Beam(alpha=0.6, length_penalty="power")._penalty(10)
    assert (round(gnmt, 3), round(power, 3)) == (1.733, 3.981)


# --- by hand --------------------------------------------------------------------------------------


class Short:
    """Generates nothing with probability `nothing`, and one 4 with probability `one`."""

    def __init__(self, *, nothing: float, one: float) -> None:
        self.sites: dict[str, Site] = {}
        self.projections: dict[str, Projection] = {}
        self._transitions = torch.full((5, 5), 1e-30, dtype=torch.float64)
        self._transitions[1, [EOS, 3, 4]] = torch.tensor([nothing, 1 - nothing - one, one]).double()
        self._transitions[3, 3] = self._transitions[4, EOS] = 1.0  # a 3 never ends

    def named_parameters(self) -> Iterator[tuple[str, torch.nn.Parameter]]:
        return iter(())

    def encode(self, source: torch.Tensor, *, noise: object = None) -> Memory:
        return Memory(source[..., None].double(), None)

    def embed(self, tokens: torch.Tensor) -> torch.Tensor:
        raise NotImplementedError

    def decode(self, embedded: torch.Tensor, memory: Memory, **options: object) -> torch.Tensor:
        raise NotImplementedError

    def project(self, hidden: torch.Tensor) -> torch.Tensor:
        return hidden.log()

    def start(self, memory: Memory) -> Short:
        return self

    def select(self, rows: torch.Tensor) -> Short:
        return self

    def step(self, tokens: torch.Tensor, cache: object) -> torch.Tensor:
        return self._transitions[tokens]


@pytest.mark.parametrize(
    ("kind", "log_of_one", "expected"),
    [
        # ln 0.4 against (ln one) * 6 / 7: the longer sentence wins above -1.0690.
        ("gnmt", -1.060, [4]),
        ("gnmt", -1.080, []),
        # ln 0.4 against (ln one) / 2: above -1.8326.
        ("power", -1.82, [4]),
        ("power", -1.85, []),
    ],
)
def test_the_length_includes_eos(kind: str, log_of_one: float, expected: list[int]) -> None:
    model = Short(nothing=0.4, one=math.exp(log_of_one))
    source = torch.tensor([[4, 4]])
    assert _search(model, source, size=3, alpha=1.0, length_penalty=kind) == [expected]
