"""Held against greedy decoding, exact probabilities of sentences, and the paper's token count."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from support.pretraining_study import carried_out

from harness.components.options import TrainedRun
from harness.contracts import EOS, Memory, Projection, Setting, Site
from harness_generations import Greedy, Speculative
from harness_models.transformer import Transformer

SETTING = Setting(seed=1, classes=12, d_model=8, updates=100)
Toy = Callable[..., Transformer]
Feed = Callable[..., torch.Tensor]


def _decode(
    model: object,
    draft: object,
    source: torch.Tensor,
    *,
    sentences: Sequence[int] | None = None,
    **options: float,
) -> list[list[int]]:
    setting = replace(SETTING, trained={"small": draft}.__getitem__)
    generate = Speculative(draft=TrainedRun("small"), **options).build(setting)
    return generate(model, source, sentences=sentences or range(len(source)))


@settings(max_examples=5)
@given(
    seed=st.integers(0, 10_000),
    other=st.integers(0, 10_000),
    ahead=st.integers(1, 6),
    extra=st.integers(0, 6),
)
def test_at_temperature_0_it_equals_greedy_decoding_for_every_draft(
    seed: int, other: int, ahead: int, extra: int, toy: Toy, sources: torch.Tensor
) -> None:
    model = toy(seed)
    greedy = Greedy(extra=extra).build(SETTING)(model, sources, sentences=range(len(sources)))
    assert _decode(model, toy(other), sources, ahead=ahead, extra=extra) == greedy


def test_it_equals_greedy_decoding_on_padded_sources(toy: Toy, sources: torch.Tensor) -> None:
    model, padded = toy(8), sources.clone()
    padded[1:4, 3:] = 0
    greedy = Greedy(extra=9).build(SETTING)(model, padded, sentences=range(len(padded)))
    assert _decode(model, toy(9), padded, extra=9) == greedy


# --- the distribution -----------------------------------------------------------------------------

WORDS = (3, 4)  # in a vocabulary of five: all tokens that can be generated, except eos


def _distribution(
    model: Transformer, feed: Feed, source: torch.Tensor, *, temperature: float, limit: int
) -> dict[tuple[int, ...], float]:
    """The probability of every sentence, by the chain rule from one full pass each."""
    probabilities = {}
    for length in range(limit + 1):
        for words in product(WORDS, repeat=length):
            logits = model.project(feed(model, source, list(words))).numpy()[:, 2:]
            powers = np.exp(logits / temperature)
            shares = powers / powers.sum(-1, keepdims=True)
            tokens = [*words, EOS] if length < limit else words
            probabilities[words] = math.prod(
                float(shares[place, token - 2]) for place, token in enumerate(tokens)
            )
    assert sum(probabilities.values()) == pytest.approx(1, abs=1e-12)
    return probabilities


@pytest.mark.parametrize(
    ("temperature", "ahead", "draft"), [(1.0, 1, 11), (1.0, 3, 11), (2.5, 4, 12)]
)
def test_sentences_follow_the_distribution_of_the_model_for_every_draft(
    temperature: float, ahead: int, draft: int, toy: Toy, feed: Feed, sources: torch.Tensor
) -> None:
    model, small, count = toy(6, classes=5), toy(draft, classes=5), 4000
    probabilities = _distribution(model, feed, sources[0, :2], temperature=temperature, limit=3)
    other = _distribution(small, feed, sources[0, :2], temperature=temperature, limit=3)
    assert sum(abs(probabilities[words] - other[words]) for words in probabilities) > 0.3
    options = {"temperature": temperature, "ahead": ahead, "extra": 1}
    generated = _decode(model, small, sources[:1, :2].expand(count, 2), **options)
    counts = Counter(map(tuple, generated))
    assert set(counts) <= set(probabilities)
    likely = [words for words in probabilities if probabilities[words] * count > 5]
    observed = [counts[words] for words in likely]
    expected = [probabilities[words] * count for words in likely]
    rest = count - sum(expected)
    if rest > 1:
        observed.append(count - sum(observed))
        expected.append(rest)
    scale = sum(observed) / sum(expected)
    assert len(likely) > 5
    assert stats.chisquare(observed, [count * scale for count in expected]).pvalue > 1e-4


def test_a_sentence_does_not_depend_on_its_batch(toy: Toy, sources: torch.Tensor) -> None:
    model, draft, options = toy(9), toy(10), {"temperature": 2.0, "extra": 5, "ahead": 3}
    together = _decode(model, draft, sources, **options)
    torch.rand(3)
    alone = [
        _decode(model, draft, row[None], sentences=[number], **options)[0]
        for number, row in enumerate(sources)
    ]
    backward = _decode(model, draft, sources.flip(0), sentences=range(5, -1, -1), **options)
    assert together == alone == backward[::-1]
    assert len(set(map(tuple, together))) == len(together)


# --- the number of passes -------------------------------------------------------------------------


class Dice:
    """Tokens 3, 4, 5 and 6 with the same probabilities at every position; counts its passes."""

    def __init__(self, *probabilities: float) -> None:
        self.sites: dict[str, Site] = {}
        self.projections: dict[str, Projection] = {}
        self.passes = 0
        self._logits = torch.full((7,), -80.0, dtype=torch.float64)
        self._logits[3:] = torch.tensor(probabilities, dtype=torch.float64).log()

    def named_parameters(self) -> Iterator[tuple[str, torch.nn.Parameter]]:
        return iter(())

    def encode(self, source: torch.Tensor, *, noise: object = None) -> Memory:
        return Memory(source[..., None].double(), None)

    def embed(self, tokens: torch.Tensor) -> torch.Tensor:
        return tokens[..., None].double()

    def decode(self, embedded: torch.Tensor, memory: Memory, **options: object) -> torch.Tensor:
        self.passes += 1
        return embedded

    def project(self, hidden: torch.Tensor) -> torch.Tensor:
        return self._logits.expand(*hidden.shape[:-1], 7)

    def start(self, memory: Memory) -> object:
        raise NotImplementedError

    def step(self, tokens: torch.Tensor, cache: object) -> torch.Tensor:
        raise NotImplementedError


@pytest.mark.parametrize("ahead", [1, 4])
def test_the_tokens_per_pass_agree_with_the_paper(ahead: int) -> None:
    model, draft = Dice(0.1, 0.2, 0.3, 0.4), Dice(0.4, 0.3, 0.2, 0.1)
    tokens = 800
    _decode(model, draft, torch.tensor([[4]]), ahead=ahead, temperature=1.0, extra=tokens - 1)
    acceptance = 0.1 + 0.2 + 0.2 + 0.1  # sum of min(p, q)
    expected = (1 - acceptance ** (ahead + 1)) / (1 - acceptance)  # equation 1
    assert tokens / model.passes == pytest.approx(expected, rel=0.06)
    assert draft.passes == ahead * model.passes


def test_a_draft_equal_to_the_model_is_always_accepted() -> None:
    model, draft = Dice(0.1, 0.2, 0.3, 0.4), Dice(0.1, 0.2, 0.3, 0.4)
    _decode(model, draft, torch.tensor([[4]]), ahead=4, temperature=1.0, extra=49)
    assert model.passes == 50 / 5


# --- in a study -----------------------------------------------------------------------------------

STUDY = """
question: Does a draft change the translations?
baseline:
  dataset: {copy: {train: 24, validation: 4, test: 6, symbols: 4}}
  tokenizer: word
  model: {d_model: 8, d_ff: 16, heads: 2, layers: 1}
  initializer: xavier_uniform
  loss: cross_entropy
  optimizer: adam
  schedule: {constant: 1.0e-2}
  decoding_policy: teacher_forcing
  generation: {greedy: {extra: 1}}
  budget: {updates: 4, batch_tokens: 60, evaluate_every: 2}
pretraining:
  small: {model: {d_model: 4, heads: 1}}
variants:
  drafted: {generation: {speculative: {draft: small, extra: 1}}}
  sampled: {generation: {speculative: {draft: small, extra: 1, temperature: 1.0}}}
seeds: 1
figures: []
trackers: []
"""


def test_a_study_trains_the_draft_first_and_its_translations_do_not_change(tmp_path: Path) -> None:
    opened, ended = carried_out(tmp_path / "drafting.yaml", text=STUDY)
    assert [end.reason for end in ended] == [None] * len(ended)
    texts = {
        run.variant: [
            line.hypothesis
            for line in opened.ledger.hypotheses(run.digest, evaluation=run.evaluation)
        ]
        for run in opened.plan
        if run.variant != "small"
    }
    assert len(set(texts["baseline"])) > 1
    assert texts["drafted"] == texts["baseline"] != texts["sampled"]
