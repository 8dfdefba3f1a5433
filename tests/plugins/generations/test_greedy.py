"""Held against feeding the whole prefix again for every token."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
import torch

from harness.contracts import BOS, EOS, PAD, Memory, Projection, Setting, Site
from harness.streams import Noise
from harness_generations import Greedy
from harness_models.transformer import Transformer

SETTING = Setting(seed=1, classes=12, d_model=8, updates=100)
MakeModel = Callable[[], Transformer]


def _decode(model: object, source: torch.Tensor, *, extra: int = 8) -> list[list[int]]:
    generate = Greedy(extra=extra).build(SETTING)
    return generate(model, source, sentences=range(len(source)))


# --- against the whole prefix fed again for every token -----------------------------------------


def _without_cache(model: Transformer, source: torch.Tensor, *, limit: int) -> list[int]:
    memory = model.encode(source[None])
    generated = [BOS]
    while len(generated) <= limit:
        hidden = model.decode(model.embed(torch.tensor([generated])), memory)
        logits = model.project(hidden[0, -1]).tolist()
        token = max(range(2, len(logits)), key=logits.__getitem__)
        if token == EOS:
            break
        generated.append(token)
    return generated[1:]


@pytest.fixture
def sources() -> torch.Tensor:
    generator = torch.Generator().manual_seed(3)
    return torch.randint(4, 12, (40, 5), generator=generator)


@torch.no_grad()
def test_it_equals_feeding_the_whole_prefix_of_each_sentence_again(
    transformer: MakeModel, sources: torch.Tensor
) -> None:
    model = transformer()
    expected = [_without_cache(model, source, limit=5 + 8) for source in sources]
    lengths = {len(sentence) for sentence in expected}
    assert len(lengths) > 4
    assert 5 + 8 in lengths
    assert _decode(model, sources) == expected


def test_sentences_are_in_the_order_of_the_sources(
    transformer: MakeModel, sources: torch.Tensor
) -> None:
    model = transformer()
    forward, backward = _decode(model, sources), _decode(model, sources.flip(0))
    assert forward == backward[::-1]
    assert len(set(map(tuple, forward))) > 10


def test_no_gradients_are_recorded_and_no_noise_is_used(
    transformer: MakeModel, sources: torch.Tensor
) -> None:
    model = transformer()
    plain = _decode(model, sources)

    def refuse(value: torch.Tensor, site: Site, noise: Noise) -> torch.Tensor:
        raise AssertionError("noise in generation")

    for site in model.sites.values():
        site.fill(refuse)
    made_with_gradients: list[bool] = []
    model.projection.register_forward_hook(
        lambda *call: made_with_gradients.append(call[-1].requires_grad)
    )
    assert _decode(model, sources) == plain
    assert set(made_with_gradients) == {False}


# --- by hand --------------------------------------------------------------------------------------


@dataclass
class _CountdownCache:
    left: torch.Tensor

    def select(self, rows: torch.Tensor) -> _CountdownCache:
        return _CountdownCache(self.left[rows])


@dataclass
class Countdown:
    """Generates as many tokens as the first token of its source says, then eos.

    A token is 4 plus the number of tokens left. Pad and bos always have larger logits, and all
    tokens fed to the model are recorded.
    """

    fed: list[list[int]] = field(default_factory=list)
    sites: dict[str, Site] = field(default_factory=dict)
    projections: dict[str, Projection] = field(default_factory=dict)

    def named_parameters(self) -> Iterator[tuple[str, torch.nn.Parameter]]:
        return iter(())

    def encode(self, source: torch.Tensor, *, noise: Noise | None = None) -> Memory:
        return Memory(source[..., None].float(), None)

    def embed(self, tokens: torch.Tensor) -> torch.Tensor:
        raise NotImplementedError

    def decode(
        self,
        embedded: torch.Tensor,
        memory: Memory,
        *,
        visible: torch.Tensor | None = None,
        noise: Noise | None = None,
    ) -> torch.Tensor:
        raise NotImplementedError

    def project(self, hidden: torch.Tensor) -> torch.Tensor:
        return hidden

    def start(self, memory: Memory) -> _CountdownCache:
        return _CountdownCache(memory.states[:, 0, 0].long())

    def step(self, tokens: torch.Tensor, cache: _CountdownCache) -> torch.Tensor:
        self.fed.append(tokens.tolist())
        choices = torch.where(cache.left > 0, 4 + cache.left, EOS)
        logits = torch.zeros(len(tokens), 12)
        logits[:, [PAD, BOS]] = 9.0
        logits[torch.arange(len(tokens)), choices] = 5.0
        cache.left = cache.left - 1
        return logits


def _sources(*counts: int) -> torch.Tensor:
    return torch.tensor([[count, 4] for count in counts])


def test_a_finished_sentence_leaves_the_batch() -> None:
    model = Countdown()
    assert _decode(model, _sources(3, 1, 2, 0)) == [[7, 6, 5], [5], [6, 5], []]
    assert model.fed == [[1, 1, 1, 1], [7, 5, 6], [6, 5], [5]]


def test_decoding_stops_when_all_sentences_have_finished() -> None:
    model = Countdown()
    assert _decode(model, _sources(1, 1)) == [[5], [5]]
    assert model.fed == [[1, 1], [5, 5]]


@pytest.mark.parametrize("extra", [0, 1, 3])
def test_length_is_at_most_that_of_the_source_plus_extra(extra: int) -> None:
    model = Countdown()
    longest = 2 + extra
    assert _decode(model, _sources(7, 1), extra=extra) == [[11, 10, 9, 8, 7][:longest], [5]]
    assert len(model.fed) == longest


def test_eos_at_the_limit_ends_a_sentence() -> None:
    assert _decode(Countdown(), _sources(1, 2), extra=0) == [[5], [6, 5]]


def test_tokens_are_plain_integers() -> None:
    (sentence,) = _decode(Countdown(), _sources(2))
    assert [type(token) for token in sentence] == [int, int]
