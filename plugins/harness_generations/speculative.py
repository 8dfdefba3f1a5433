"""Speculative decoding."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from jaxtyping import Bool, Int

from harness.components import Generation
from harness.components.options import ExtraTokens, NonNegativeFloat, Repeats, TrainedRun
from harness.contracts import BOS, EOS, PAD, Generate, Model, Setting
from harness.streams import generator
from harness_generations.acceptance import Likeliest, Rule, Sampled
from harness_generations.verification import Reader


@dataclass(frozen=True, kw_only=True)
class Speculative(Generation):
    """A small draft model proposes tokens, which the model accepts or rejects in one pass.

    Leviathan et al. (2023, algorithm 1): the model of the trained run `draft`, with distribution q,
    proposes `ahead` tokens, and one pass of the target model, with distribution p, verifies them in
    order. A token x is accepted with probability min(1, p(x) / q(x)). The first rejected token is
    replaced by a sample from max(0, p - q) / sum max(0, p - q); if all are accepted, one more token
    is sampled from p. The output follows p exactly for every draft model: a bad one only costs
    time.

    Both distributions are softmax(logits / temperature) over all tokens except pad and bos. At
    temperature 0 all probability is on the most likely token, and the output equals that of greedy
    decoding, up to ties in the last bits, since several tokens are read at once. It is faster where
    the draft is much faster than the model and often right, and the model's time is not that of its
    arithmetic: in small batches, or on a GPU. A model that cannot take back tokens from its cache
    (`harness.contracts.FeedsRuns`) reads prefixes anew, which is slower than greedy decoding. A
    sentence ends at eos, or at the length of its source plus `extra` tokens. Random numbers are
    keyed by (seed, sentence, position).
    """

    name = "speculative"
    bare = "draft"

    draft: TrainedRun
    ahead: Repeats = 4
    temperature: NonNegativeFloat = 0.0
    extra: ExtraTokens = 50

    def build(self, setting: Setting) -> Generate:
        """A function of the model, the sources and the sentences' line numbers."""
        draft = setting.trained(self.draft)

        def generate(
            model: Model,
            source: Int[torch.Tensor, "sentences source"],
            *,
            sentences: Sequence[int],
        ) -> list[list[int]]:
            limit = source.shape[1] + self.extra
            rule: Rule = Likeliest()
            if self.temperature:
                # A round that begins below the limit can end beyond it.
                shape = (limit + self.ahead, 3)
                draws = [
                    torch.rand(
                        shape,
                        generator=generator(setting.seed, "generation", sentence),
                        dtype=torch.float64,
                    )
                    for sentence in sentences
                ]
                uniform = torch.stack(draws).to(source.device)
                rule = Sampled(temperature=self.temperature, uniform=uniform)
            with torch.no_grad():
                state = _Unfinished(
                    rows=torch.arange(len(source), device=source.device),
                    tokens=_empty(source, places=1 + limit + self.ahead),
                    lengths=source.new_ones(len(source)),
                    draft=Reader.of(draft, source=source),
                    target=Reader.of(model, source=source),
                    rule=rule,
                )
                generated = self._decode(state, limit=limit, count=setting.count_work)
            return [row[: [*row[:limit], EOS].index(EOS)] for row in generated.tolist()]

        return generate

    def _decode(
        self, state: _Unfinished, *, limit: int, count: Callable[..., None]
    ) -> Int[torch.Tensor, "sentences positions"]:
        """The tokens of each sentence; those after an eos or the limit are to be ignored."""
        written, lag = state.tokens.clone(), 0
        while len(state.rows):
            accepted, lengths = state.extend(self.ahead, lag=lag)
            # From the second round on, the draft may not have read its last proposal.
            lag = 1
            counted, has_eos = _until_eos(state.tokens, before=state.lengths, after=lengths)
            count(passes=len(lengths))
            # What follows an eos was no guess that anybody waits for.
            proposed = torch.where(has_eos, counted, self.ahead).clamp(max=self.ahead)
            count(proposed=int(proposed.sum()))
            count(accepted=int(accepted.minimum(counted).sum()))
            written[state.rows] = state.tokens
            active = ~has_eos & (lengths <= limit)
            state = replace(state, lengths=lengths)
            if not active.all():
                state = state.select(active.nonzero().squeeze(1))
        return written[:, 1:]


@dataclass(frozen=True, kw_only=True)
class _Unfinished:
    """The sentences that have no eos yet: their numbers, tokens and lengths, bos counted."""

    rows: Int[torch.Tensor, "sentences"]
    tokens: Int[torch.Tensor, "sentences positions"]
    lengths: Int[torch.Tensor, "sentences"]
    draft: Reader
    target: Reader
    rule: Rule

    def select(self, rows: Int[torch.Tensor, "kept"]) -> _Unfinished:
        """Some of these sentences."""
        return _Unfinished(
            rows=self.rows[rows],
            tokens=self.tokens[rows],
            lengths=self.lengths[rows],
            draft=self.draft.select(rows),
            target=self.target.select(rows),
            rule=self.rule.select(rows),
        )

    def extend(
        self, ahead: int, *, lag: int
    ) -> tuple[Int[torch.Tensor, "sentences"], Int[torch.Tensor, "sentences"]]:
        """Extend `tokens` by at least one each; returns how many were accepted, and new lengths."""
        tokens, lengths = self.tokens, self.lengths
        rows = torch.arange(len(tokens), device=tokens.device)
        proposals = []
        for step in range(ahead):
            reach = self.draft.logits(
                tokens, lengths=lengths + step, count=1, lag=lag if step == 0 else 0
            )
            proposal = self.rule.propose(reach[:, 0], places=lengths + step - 1)
            tokens[rows, lengths + step] = proposal.tokens
            proposals.append(proposal)
        logits = self.target.logits(tokens, lengths=lengths, count=ahead + 1)
        accepted, following = self.rule.verify(logits, proposals=proposals, places=lengths - 1)
        tokens[rows, lengths + accepted] = following
        return accepted, lengths + accepted + 1


def _empty(
    source: Int[torch.Tensor, "sentences source"], *, places: int
) -> Int[torch.Tensor, "sentences places"]:
    """Sentences of a bos alone."""
    tokens = source.new_full((len(source), places), PAD)
    tokens[:, 0] = BOS
    return tokens


def _until_eos(
    tokens: Int[torch.Tensor, "sentences positions"],
    *,
    before: Int[torch.Tensor, "sentences"],
    after: Int[torch.Tensor, "sentences"],
) -> tuple[Int[torch.Tensor, "sentences"], Bool[torch.Tensor, "sentences"]]:
    """The number of new tokens up to an eos among them, and whether there is one."""
    positions = torch.arange(tokens.shape[1], device=tokens.device)
    # Beyond a row's length there may be rejected guesses, an eos among them.
    new = (positions >= before[:, None]) & (positions < after[:, None])
    eos = (tokens == EOS) & new
    ended = eos.any(1)
    return torch.where(ended, eos.long().argmax(1) + 1, after) - before, ended
