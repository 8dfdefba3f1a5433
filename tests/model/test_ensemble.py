from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from harness.contracts import BOS, EOS, Model, Setting
from harness.model import Ensemble
from harness.streams import Noise
from harness_generations import Beam, Contrastive, Greedy, Lookahead, Sampling
from harness_models.transformer import Transformer

NOISES = [
    Noise(seed=1, update=0, forward=f"member {number}", stream="members") for number in range(3)
]
SETTING = Setting(seed=1, classes=9, d_model=16, updates=10)


class Masked(nn.Module):
    """Half the outputs of a matrix, other ones in every member."""

    def __init__(self, name: str, outputs: int) -> None:
        super().__init__()
        self.name, self.outputs = name, outputs
        self.matrix = torch.randn(
            16, outputs, dtype=torch.float64, generator=torch.Generator().manual_seed(outputs)
        )

    def forward(self, states: Tensor, noise: Noise | None) -> Tensor:
        added = states @ self.matrix
        return added if noise is None else added * noise.keep(self.name, (self.outputs,), 0.5)

    def delta(self) -> Tensor:
        return self.matrix.T


@pytest.fixture
def masked(build) -> Transformer:
    model = build()
    for name, projection in model.projections.items():
        if name.endswith(("query", "value")):
            projection.adapter = Masked(name, 16)
    return model


def _by_hand(model: Transformer, source: Tensor, target: Tensor) -> Tensor:
    """The mean of the members' probabilities at every target place."""
    members = []
    for noise in NOISES:
        memory = model.encode(source, noise=noise)
        hidden = model.decode(model.embed(target), memory, noise=noise)
        members.append(model.project(hidden).softmax(-1))
    assert not torch.allclose(members[0], members[1])
    return torch.stack(members).mean(0)


def test_it_is_a_model_that_averages_probabilities(masked, forward, source, target) -> None:
    ensemble = Ensemble(masked, noises=NOISES)
    assert isinstance(ensemble, Model)
    logits = forward(ensemble, source, target)
    expected = _by_hand(masked, source, target)
    torch.testing.assert_close(logits.exp(), expected, rtol=0, atol=1e-12)
    torch.testing.assert_close(logits.log_softmax(-1), logits, rtol=0, atol=1e-12)


def test_averaging_logits_would_be_another_thing(masked, forward, source, target) -> None:
    geometric = torch.stack([forward(masked, source, target, noise) for noise in NOISES]).mean(0)
    arithmetic = forward(Ensemble(masked, noises=NOISES), source, target)
    assert not torch.allclose(geometric.log_softmax(-1), arithmetic, atol=1e-3)


def test_one_member_is_the_model_with_that_noise(masked, forward, source, target) -> None:
    alone = forward(masked, source, target, NOISES[1]).log_softmax(-1)
    assert torch.equal(forward(Ensemble(masked, noises=NOISES[1:2]), source, target), alone)


def test_cached_steps_and_chosen_sentences_go_to_every_member(masked, source, target) -> None:
    ensemble = Ensemble(masked, noises=NOISES)
    memory = ensemble.encode(source)
    cache = ensemble.start(memory)
    rows = torch.tensor([2, 0, 0])
    stepped = [ensemble.step(target[:, 0], cache)]
    cache = cache.select(rows)
    stepped += [ensemble.step(tokens, cache) for tokens in target[rows, 1:].T]
    whole = ensemble.decode(ensemble.embed(target), memory)
    torch.testing.assert_close(stepped[0], whole[:, 0], rtol=0, atol=1e-12)
    for place, states in enumerate(stepped[1:], start=1):
        torch.testing.assert_close(states, whole[rows, place], rtol=0, atol=1e-12)


@torch.no_grad()
def test_greedy_decoding_writes_what_the_mean_probability_finds_likeliest(masked) -> None:
    source = torch.tensor([[4, 5, 6, EOS], [7, 8, 9, EOS], [10, 4, 8, EOS]])
    expected = []
    for row in source:
        written = [BOS]
        while len(written) <= 4 + 3:
            shares = _by_hand(masked, row[None], torch.tensor([written]))[0, -1].tolist()
            token = max(range(2, len(shares)), key=shares.__getitem__)
            if token == EOS:
                break
            written.append(token)
        expected.append(written[1:])
    ensemble = Ensemble(masked, noises=NOISES)
    written = Greedy(extra=3).build(SETTING)(ensemble, source, sentences=range(3))
    assert written == expected
    alone = Greedy(extra=3).build(SETTING)(masked, source, sentences=range(3))
    assert written != alone
    for equal in (Beam(size=1, extra=3), Lookahead(extra=3)):
        assert equal.build(SETTING)(ensemble, source, sentences=range(3)) == written


@pytest.mark.parametrize("generation", [Beam(extra=4), Sampling(extra=4), Contrastive(extra=4)])
def test_members_that_agree_write_what_the_model_writes(masked, generation) -> None:
    source = torch.tensor([[4, 5, 6, EOS], [7, 8, 9, EOS], [10, 4, 8, EOS]])
    generate = generation.build(SETTING)
    quiet = [Noise(seed=1, update=0, stream="members")] * 3
    for projection in masked.projections.values():
        projection.adapter = None
    written = generate(masked, source, sentences=range(3))
    assert generate(Ensemble(masked, noises=quiet), source, sentences=range(3)) == written
