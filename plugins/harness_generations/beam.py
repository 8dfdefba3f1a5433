"""Beam search."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Float, Int

from harness.components import Generation
from harness.components.options import NonNegativeFloat, NonNegativeInt, PositiveInt
from harness.contracts import BOS, EOS, Cache, Generate, Model, Setting
from harness.prediction import writable


@dataclass(frozen=True, kw_only=True)
class Beam(Generation):
    """Keeps the `size` likeliest beginnings of every sentence and writes the best that ended.

    The best has the largest ln p(y | x) / lp(y), with lp(y) = ((5 + |y|) / 6)^alpha (``gnmt``, Wu
    et al. 2016, section 7, without coverage) or |y|^alpha (``power``, as fairseq: its lenpen is
    `alpha`). |y| counts eos. Lengths are weighed among sentences that have ended, which are as
    likely as the `size` best continuations when they do; a search is over when `size` of them have.
    The longest that may end has the length of the source plus `extra` tokens (Vaswani et al. 2017,
    section 6.1: 50, with size 4 and alpha 0.6) and pays for its eos like any other.

    A beam of 1 writes what greedy decoding writes.
    """

    name = "beam"
    bare = "size"

    size: PositiveInt = 4
    alpha: NonNegativeFloat = 0.6
    length_penalty: Literal["gnmt", "power"] = "gnmt"
    extra: NonNegativeInt = 50

    def build(self, setting: Setting) -> Generate:
        """A function of model and sources; nothing in it is random."""

        def generate(
            model: Model,
            source: Int[torch.Tensor, "sentences source"],
            *,
            sentences: Sequence[int],
        ) -> list[list[int]]:
            with torch.no_grad():
                return self._search(model, source=source)

        return generate

    def _search(
        self, model: Model, *, source: Int[torch.Tensor, "sentences source"]
    ) -> list[list[int]]:
        limit = source.shape[1] + self.extra
        ended = [_Ended() for _ in source]
        going = _Going.from_source(model, source=source, size=self.size)
        for length in range(1, limit + 2):
            chosen = going.step(model, ending=length > limit)
            chosen.collect(ended, going=going, penalty=self._penalty(length))
            left = [n for n, row in enumerate(going.rows) if ended[row].count < self.size]
            if not left or length > limit:
                break
            going = going.follow(chosen, left=left)
        return [each.best for each in ended]

    def _penalty(self, length: int) -> float:
        base = (5 + length) / 6 if self.length_penalty == "gnmt" else length
        return float(base**self.alpha)


@dataclass(kw_only=True)
class _Ended:
    """The best of a sentence's complete translations, and how many there are."""

    best: list[int]
    score: float
    count: int

    def __init__(self) -> None:
        self.best, self.score, self.count = [], -math.inf, 0


@dataclass(frozen=True, kw_only=True)
class _Chosen:
    """The likeliest continuations of every sentence, best first: twice as many as a beam holds.

    So many hold a full beam of continuations that go on, since each beginning can end only once.
    """

    scores: Float[torch.Tensor, "sentences twice"]
    beginnings: Int[torch.Tensor, "sentences twice"]  # their places in the beam
    tokens: Int[torch.Tensor, "sentences twice"]

    def collect(self, ended: Sequence[_Ended], *, going: _Going, penalty: float) -> None:
        """Take in every end that stands among the best that a beam can hold."""
        size = going.written.shape[1]
        ends = (self.tokens == EOS) & self.scores.isfinite()
        for sentence, place in ends[:, :size].nonzero().tolist():
            into = ended[going.rows[sentence]]
            into.count += 1
            score = self.scores[sentence, place].item() / penalty
            if score > into.score:
                into.score = score
                into.best = going.written[sentence, self.beginnings[sentence, place]].tolist()


@dataclass(frozen=True, kw_only=True)
class _Going:
    """The beams of the sentences that are under way, and the model's memory of all of them."""

    rows: Sequence[int]  # which sentences these are
    written: Int[torch.Tensor, "sentences size length"]
    last: Int[torch.Tensor, "sentences size"]
    scores: Float[torch.Tensor, "sentences size"]  # ln p of what is written; -inf is no beginning
    cache: Cache

    @classmethod
    def from_source(
        cls, model: Model, *, source: Int[torch.Tensor, "sentences source"], size: int
    ) -> _Going:
        """One empty beginning a sentence."""
        count = len(source)
        scores = torch.full((count, size), -math.inf, dtype=torch.float64, device=source.device)
        scores[:, 0] = 0.0
        copies = torch.arange(count, device=source.device).repeat_interleave(size)
        return cls(
            rows=range(count),
            written=source.new_zeros(count, size, 0),
            last=source.new_full((count, size), BOS),
            scores=scores,
            cache=model.start(model.encode(source)).select(copies),
        )

    def step(self, model: Model, *, ending: bool) -> _Chosen:
        """The best continuations by one token; if `ending`, by eos."""
        hidden = model.step(self.last.flatten(), self.cache)
        logs = writable(model.project(hidden)).double().log_softmax(-1)
        classes = logs.shape[-1]
        if ending:
            others = [token for token in range(classes) if token != EOS]
            logs = logs.index_fill(-1, torch.tensor(others, device=logs.device), -math.inf)
        totals = (self.scores[..., None] + logs.view(*self.scores.shape, classes)).flatten(1)
        scores, places = totals.topk(min(2 * self.scores.shape[1], totals.shape[1]))
        return _Chosen(scores=scores, beginnings=places // classes, tokens=places % classes)

    def follow(self, chosen: _Chosen, *, left: Sequence[int]) -> _Going:
        """The beams of the sentences that are left, one token longer."""
        size = self.scores.shape[1]
        kept = torch.tensor(left, device=self.last.device)
        scores = chosen.scores.masked_fill(chosen.tokens == EOS, -math.inf)[kept]
        scores, places = scores.topk(size)
        beginnings = chosen.beginnings[kept].gather(1, places)
        tokens = chosen.tokens[kept].gather(1, places)
        before = self.written[kept[:, None], beginnings]
        return _Going(
            rows=[self.rows[sentence] for sentence in left],
            written=torch.cat([before, tokens[..., None]], -1),
            last=tokens,
            scores=scores,
            cache=self.cache.select((kept[:, None] * size + beginnings).flatten()),
        )
