"""What generations count of their work, held against the tokens that they write."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch

from harness.components.options import TrainedRun
from harness.contracts import EOS, Setting
from harness_generations import Beam, Contrastive, Greedy, Lookahead, Sampling, Speculative
from harness_models.transformer import Transformer

SETTING = Setting(seed=1, classes=12, d_model=8, updates=100)
Toy = Callable[..., Transformer]


class _Counts(Counter[str]):
    def add(self, **numbers: int) -> None:
        self.update(numbers)


def _counted(generation: object, *, model: object, source: torch.Tensor, draft: object = None):
    counts = _Counts()
    setting = replace(SETTING, count_work=counts.add, trained={"small": draft}.__getitem__)
    texts = generation.build(setting)(model, source, sentences=range(len(source)))
    return counts, texts


@pytest.fixture
def endless(toy: Toy) -> Callable[[int], Transformer]:
    """Models that write no eos, so that every sentence has as many tokens as its limit allows."""

    def make(seed: int) -> Transformer:
        model = toy(seed)
        model.projection.bias.data[EOS] = -1e9
        return model

    return make


@pytest.mark.parametrize("generation", [Greedy(extra=3), Sampling(extra=3), Contrastive(extra=3)])
def test_a_token_at_a_time_takes_a_pass_for_each(generation, endless, sources) -> None:
    counts, texts = _counted(generation, model=endless(2), source=sources)
    assert counts == {"passes": sum(map(len, texts))} == {"passes": 6 * (5 + 3)}


def test_the_eos_takes_a_pass_too(toy: Toy, sources: torch.Tensor) -> None:
    counts, texts = _counted(Greedy(extra=30), model=toy(1), source=sources)
    ended = [text for text in texts if len(text) < 35]
    assert ended
    assert counts["passes"] == sum(map(len, texts)) + len(ended)


def test_the_hypotheses_of_a_beam_are_one_pass(endless, sources) -> None:
    counts, _ = _counted(Beam(size=3, extra=3), model=endless(2), source=sources)
    assert counts == {"passes": 6 * (5 + 3 + 1)}  # one more for the eos, whose score counts


def test_a_draft_that_is_the_model_is_always_accepted(endless, sources) -> None:
    model = endless(2)
    generation = Speculative(draft=TrainedRun("small"), ahead=3, extra=3)
    counts, _ = _counted(generation, model=model, source=sources, draft=model)
    assert counts == {"passes": 6 * 2, "proposed": 6 * 2 * 3, "accepted": 6 * 2 * 3}


def test_proposals_after_an_eos_are_not_counted(toy: Toy, sources: torch.Tensor) -> None:
    model = toy(1)
    model.projection.bias.data[EOS] = 1e9
    generation = Speculative(draft=TrainedRun("small"), ahead=4)
    counts, texts = _counted(generation, model=model, source=sources, draft=model)
    assert texts == [[]] * 6
    assert counts == {"passes": 6, "proposed": 6, "accepted": 6}


def test_accepted_and_corrected_tokens_are_all_that_is_written(endless, sources) -> None:
    generation = Speculative(draft=TrainedRun("small"), ahead=2, extra=20)
    counts, texts = _counted(generation, model=endless(2), source=sources, draft=endless(3))
    written = counts["accepted"] + counts["passes"]
    assert 0 < counts["accepted"] < counts["proposed"] == 2 * counts["passes"]
    assert sum(map(len, texts)) <= written <= sum(map(len, texts)) + 6 * 2


def test_lookahead_takes_fewer_passes_than_tokens(endless, sources) -> None:
    counts, texts = _counted(Lookahead(extra=40), model=endless(2), source=sources)
    tokens = sum(map(len, texts))
    assert counts["passes"] < tokens <= counts["passes"] + counts["accepted"]
    assert counts["accepted"] <= counts["proposed"]
