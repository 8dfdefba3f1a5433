"""Beam search."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Float, Int

from harness.components import Generation
from harness.components.options import (
    ExtraTokens,
    NonNegativeFloat,
    Repeats,
    unused_options,
)
from harness.contracts import BOS, EOS, Cache, Generate, Model, Setting
from harness.prediction import writable


@dataclass(frozen=True, kw_only=True)
class Beam(Generation):
    """Keeps the `size` most likely prefixes of every sentence; returns the best finished one.

    The best has the largest ln p(y | x) / lp(y), with lp(y) = ((5 + |y|) / 6)^alpha (``gnmt``, Wu
    et al. 2016, section 7, without coverage) or |y|^alpha (``power``, as in fairseq, whose lenpen
    is `alpha`). |y| includes eos. The length penalty ranks finished hypotheses only; a hypothesis
    finishes if its eos is among the `size` most likely continuations, and the search stops when
    `size` hypotheses have finished. The longest has the length of the source plus `extra` tokens
    (Vaswani et al. 2017, section 6.1: 50, with size 4 and alpha 0.6), and its score includes that
    of its eos.

    A beam of 1 is greedy decoding.
    """

    name = "beam"
    bare = "size"

    size: Repeats = 4
    alpha: NonNegativeFloat = 0.6
    length_penalty: Literal["gnmt", "power"] = "gnmt"
    extra: ExtraTokens = 50

    def ignored(self) -> Iterator[str]:
        """The options that others leave without effect."""
        if self.size == 1:
            reason = "a beam of 1 is greedy decoding, which ranks no hypotheses"
            yield from unused_options(
                self, "alpha", "length_penalty", reason=reason, instead="raise size"
            )
        if self.alpha == 0:
            reason = "with an alpha of 0 every length has the same penalty"
            yield from unused_options(self, "length_penalty", reason=reason, instead="raise alpha")

    def build(self, setting: Setting) -> Generate:
        """A deterministic function of the model and the sources."""

        def generate(
            model: Model,
            source: Int[torch.Tensor, "sentences source"],
            *,
            sentences: Sequence[int],
        ) -> list[list[int]]:
            with torch.no_grad():
                return self._search(model, source=source, count=setting.count_work)

        return generate

    def _search(
        self,
        model: Model,
        *,
        source: Int[torch.Tensor, "sentences source"],
        count: Callable[..., None],
    ) -> list[list[int]]:
        limit = source.shape[1] + self.extra
        finished = [_Finished() for _ in source]
        beams = _Beams.from_source(model, source=source, size=self.size)
        # One more than the limit allows: the step for eos, whose probability counts too.
        for length in range(1, limit + 2):
            count(passes=len(beams.rows))
            best = beams.step(model, only_eos=length > limit)
            best.collect(finished, beams=beams, penalty=self._penalty(length))
            active = [n for n, row in enumerate(beams.rows) if finished[row].count < self.size]
            if not active or length > limit:
                break
            beams = beams.follow(best, active=active)
        return [hypotheses.best for hypotheses in finished]

    def _penalty(self, length: int) -> float:
        base = (5 + length) / 6 if self.length_penalty == "gnmt" else length
        return float(base**self.alpha)


@dataclass(kw_only=True)
class _Finished:
    """The best of a sentence's finished hypotheses, and their number."""

    best: list[int]
    score: float
    count: int

    def __init__(self) -> None:
        self.best, self.score, self.count = [], -math.inf, 0


@dataclass(frozen=True, kw_only=True)
class _Continuations:
    """The most likely continuations of every sentence, best first: twice as many as a beam holds.

    As each prefix has only one continuation by eos, at least half of them can fill the next beam.
    """

    scores: Float[torch.Tensor, "sentences twice"]
    prefixes: Int[torch.Tensor, "sentences twice"]  # indices into the beam
    tokens: Int[torch.Tensor, "sentences twice"]

    def collect(self, finished: Sequence[_Finished], *, beams: _Beams, penalty: float) -> None:
        """Add every hypothesis whose eos is among the `size` best continuations."""
        size = beams.tokens.shape[1]
        # A score that is not finite belongs to an empty slot.
        at_eos = (self.tokens == EOS) & self.scores.isfinite()
        for sentence, rank in at_eos[:, :size].nonzero().tolist():
            hypotheses = finished[beams.rows[sentence]]
            hypotheses.count += 1
            score = self.scores[sentence, rank].item() / penalty
            if score > hypotheses.score:
                hypotheses.score = score
                hypotheses.best = beams.tokens[sentence, self.prefixes[sentence, rank]].tolist()


@dataclass(frozen=True, kw_only=True)
class _Beams:
    """The beams of the sentences that are still being searched, with the model's cache."""

    rows: Sequence[int]  # indices of the sentences in the batch
    tokens: Int[torch.Tensor, "sentences size length"]
    last: Int[torch.Tensor, "sentences size"]
    scores: Float[torch.Tensor, "sentences size"]  # ln p of the prefixes; -inf marks an empty slot
    cache: Cache

    @classmethod
    def from_source(
        cls, model: Model, *, source: Int[torch.Tensor, "sentences source"], size: int
    ) -> _Beams:
        """Beams with one empty prefix per sentence."""
        count = len(source)
        scores = torch.full((count, size), -math.inf, dtype=torch.float64, device=source.device)
        # The other slots are empty: equal prefixes would fill the beam with one hypothesis.
        scores[:, 0] = 0.0
        copies = torch.arange(count, device=source.device).repeat_interleave(size)
        return cls(
            rows=range(count),
            tokens=source.new_zeros(count, size, 0),
            last=source.new_full((count, size), BOS),
            scores=scores,
            cache=model.start(model.encode(source)).select(copies),
        )

    def step(self, model: Model, *, only_eos: bool) -> _Continuations:
        """The best continuations by one token or, with `only_eos`, by eos."""
        hidden = model.step(self.last.flatten(), self.cache)
        logs = writable(model.project(hidden)).double().log_softmax(-1)
        classes = logs.shape[-1]
        if only_eos:
            others = [token for token in range(classes) if token != EOS]
            logs = logs.index_fill(-1, torch.tensor(others, device=logs.device), -math.inf)
        totals = (self.scores[..., None] + logs.view(*self.scores.shape, classes)).flatten(1)
        scores, indices = totals.topk(min(2 * self.scores.shape[1], totals.shape[1]))
        return _Continuations(scores=scores, prefixes=indices // classes, tokens=indices % classes)

    def follow(self, best: _Continuations, *, active: Sequence[int]) -> _Beams:
        """The beams of the active sentences, one token longer."""
        size = self.scores.shape[1]
        kept = torch.tensor(active, device=self.last.device)
        # Hypotheses at eos are collected already; here they would go on after it.
        scores = best.scores.masked_fill(best.tokens == EOS, -math.inf)[kept]
        scores, ranks = scores.topk(size)
        prefixes = best.prefixes[kept].gather(1, ranks)
        last = best.tokens[kept].gather(1, ranks)
        before = self.tokens[kept[:, None], prefixes]
        return _Beams(
            rows=[self.rows[sentence] for sentence in active],
            tokens=torch.cat([before, last[..., None]], -1),
            last=last,
            scores=scores,
            cache=self.cache.select((kept[:, None] * size + prefixes).flatten()),
        )
