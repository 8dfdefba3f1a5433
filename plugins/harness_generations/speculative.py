"""Speculative decoding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float, Int

from harness.components import Generation
from harness.components.options import ExtraTokens, NonNegativeFloat, Repeats, TrainedRun
from harness.contracts import BOS, EOS, PAD, Generate, Memory, Model, Setting
from harness.streams import generator
from harness_generations.verification import logits_after


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
    decoding, up to ties in the last bits, since prefixes are read anew instead of from a cache. A
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
            draws = [
                torch.rand(
                    # A round that begins below the limit can end beyond it.
                    limit + self.ahead,
                    3,
                    generator=generator(setting.seed, "generation", sentence),
                    dtype=torch.float64,
                )
                for sentence in sentences
            ]
            with torch.no_grad():
                generated = self._decode(
                    _Sampler.of(draft, source=source, temperature=self.temperature),
                    target=_Sampler.of(model, source=source, temperature=self.temperature),
                    source=source,
                    uniform=torch.stack(draws).to(source.device),
                )
            return [row[: [*row[:limit], EOS].index(EOS)] for row in generated.tolist()]

        return generate

    def _decode(
        self,
        draft: _Sampler,
        *,
        target: _Sampler,
        source: Int[torch.Tensor, "sentences source"],
        uniform: Float[torch.Tensor, "sentences positions 3"],
    ) -> Int[torch.Tensor, "sentences positions"]:
        """The tokens of each sentence; those after an eos or the limit are to be ignored."""
        limit = uniform.shape[1] - self.ahead
        tokens = source.new_full((len(source), 1 + uniform.shape[1]), PAD)
        tokens[:, 0] = BOS
        lengths = source.new_ones(len(source))
        active = torch.arange(len(source), device=source.device)
        positions = torch.arange(tokens.shape[1], device=source.device)
        while len(active):
            tokens[active], lengths[active] = _round(
                draft.select(active),
                target=target.select(active),
                tokens=tokens[active],
                lengths=lengths[active],
                uniform=uniform[active],
                ahead=self.ahead,
            )
            # Beyond a row's length there may be rejected guesses, an eos among them.
            has_eos = ((tokens == EOS) & (positions < lengths[:, None])).any(1)
            active = (~(has_eos | (lengths > limit))).nonzero().squeeze(1)
        return tokens[:, 1:]


@dataclass(frozen=True, kw_only=True)
class _Sampler:
    """A model with encoded sources, as a source of next-token distributions."""

    model: Model
    memory: Memory
    temperature: float

    @classmethod
    def of(
        cls, model: Model, *, source: Int[torch.Tensor, "sentences source"], temperature: float
    ) -> _Sampler:
        return cls(model=model, memory=model.encode(source), temperature=temperature)

    def select(self, rows: Int[torch.Tensor, "kept"]) -> _Sampler:
        """The sampler of these sentences only."""
        states, visible = self.memory
        kept = Memory(states[rows], None if visible is None else visible[rows])
        return replace(self, memory=kept)

    def distributions(
        self,
        tokens: Int[torch.Tensor, "sentences positions"],
        *,
        lengths: Int[torch.Tensor, "sentences"],
        count: int,
    ) -> Float[torch.Tensor, "sentences count classes"]:
        """The distributions of the `count` tokens that follow the first `lengths` of a row."""
        longest = int(lengths.max()) + count - 1
        logits = logits_after(
            self.model,
            memory=self.memory,
            prefixes=tokens[:, :longest],
            first=lengths - 1,
            count=count,
        ).double()
        if self.temperature == 0:
            return torch.nn.functional.one_hot(logits.argmax(-1), logits.shape[-1]).double()
        return (logits / self.temperature).softmax(-1)


def _round(
    draft: _Sampler,
    *,
    target: _Sampler,
    tokens: Int[torch.Tensor, "sentences positions"],
    lengths: Int[torch.Tensor, "sentences"],
    uniform: Float[torch.Tensor, "sentences draws 3"],
    ahead: int,
) -> tuple[Int[torch.Tensor, "sentences positions"], Int[torch.Tensor, "sentences"]]:
    """Extend every row by at least one token; return the rows and their new lengths.

    A position has three uniform numbers: to sample the draft's token, to accept it, and to sample
    its replacement.
    """
    rows = torch.arange(len(tokens), device=tokens.device)
    proposals = []
    for length in (lengths + step for step in range(ahead)):
        proposals.append(draft.distributions(tokens, lengths=length, count=1)[:, 0])
        tokens[rows, length] = _sample(proposals[-1], uniform=uniform[rows, length - 1, 0])
    p = target.distributions(tokens, lengths=lengths, count=ahead + 1)
    # With q = 0 after the last proposal, p - q is p: the extra token is sampled from p itself.
    q = torch.stack([*proposals, torch.zeros_like(proposals[0])], 1)
    positions = lengths[:, None] + torch.arange(ahead, device=tokens.device)
    proposed = tokens.gather(1, positions)[..., None]
    p_proposed, q_proposed = (
        distribution[:, :-1].gather(2, proposed)[..., 0] for distribution in (p, q)
    )
    # u < p / q, times q. It is strict, so that a token with p = 0 is rejected even at u = 0.
    accepted = uniform[rows[:, None], positions - 1, 1] * q_proposed < p_proposed
    # The product ends the count at the first rejection.
    lengths = lengths + accepted.long().cumprod(1).sum(1)
    residual = (p - q)[rows, lengths - positions[:, 0]].clamp(min=0)
    tokens[rows, lengths] = _sample(residual, uniform=uniform[rows, lengths - 1, 2])
    return tokens, lengths + 1


def _sample(
    weights: Float[torch.Tensor, "sentences classes"],
    *,
    uniform: Float[torch.Tensor, "sentences"],
) -> Int[torch.Tensor, "sentences"]:
    """Invert the cumulative distribution of unnormalized weights at uniform numbers."""
    sums = weights.cumsum(-1)
    tokens = (sums <= uniform[:, None] * sums[:, -1:]).sum(-1)
    return tokens.clamp(max=weights.shape[-1] - 1)
