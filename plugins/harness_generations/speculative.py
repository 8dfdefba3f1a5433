"""Speculative decoding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float, Int

from harness.components import Generation
from harness.components.options import NonNegativeFloat, NonNegativeInt, PositiveInt, TrainedRun
from harness.contracts import BOS, EOS, PAD, Generate, Memory, Model, Setting
from harness.streams import generator
from harness_generations.rereading import logits_after


@dataclass(frozen=True, kw_only=True)
class Speculative(Generation):
    """A small model writes ahead, and the large one keeps what it might have written itself.

    Leviathan et al. (2023, algorithm 1): the model of the trained run `draft`, with the law q,
    writes `ahead` tokens, and one pass of the model, with the law p, judges them in order. A token
    x is kept with probability min(1, p(x) / q(x)); the first that is not kept is replaced by a
    draw from max(0, p - q) / sum max(0, p - q), and where all are kept one more is drawn from p.
    What is written follows p exactly, whatever the draft is: a bad one only costs time.

    Both laws are softmax(logits / temperature) over everything but pad and bos. At a temperature
    of 0 they are certain of the likeliest token, and what is written is what greedy decoding
    writes, up to ties in the last bits: this reads a beginning anew where that goes on from a
    cache. A sentence ends at eos, or after the length of its source plus `extra` tokens. Draws are
    keyed by (seed, sentence, place).
    """

    name = "speculative"
    bare = "draft"

    draft: TrainedRun
    ahead: PositiveInt = 4
    temperature: NonNegativeFloat = 0.0
    extra: NonNegativeInt = 50

    def build(self, setting: Setting) -> Generate:
        """A function of model, sources and the sentences' line numbers."""
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
                    limit + self.ahead,
                    3,
                    generator=generator(setting.seed, "generation", sentence),
                    dtype=torch.float64,
                )
                for sentence in sentences
            ]
            with torch.no_grad():
                written = self._write(
                    _Writer.of(draft, source=source, temperature=self.temperature),
                    judge=_Writer.of(model, source=source, temperature=self.temperature),
                    source=source,
                    uniform=torch.stack(draws).to(source.device),
                )
            return [row[: [*row[:limit], EOS].index(EOS)] for row in written.tolist()]

        return generate

    def _write(
        self,
        draft: _Writer,
        *,
        judge: _Writer,
        source: Int[torch.Tensor, "sentences source"],
        uniform: Float[torch.Tensor, "sentences places 3"],
    ) -> Int[torch.Tensor, "sentences places"]:
        """What each sentence writes: an eos ends it, or the limit; what follows is not text."""
        limit = uniform.shape[1] - self.ahead
        read = source.new_full((len(source), 1 + uniform.shape[1]), PAD)
        read[:, 0] = BOS
        ends = source.new_ones(len(source))
        going = torch.arange(len(source), device=source.device)
        places = torch.arange(read.shape[1], device=source.device)
        while len(going):
            read[going], ends[going] = _round(
                draft.of_rows(going),
                judge=judge.of_rows(going),
                read=read[going],
                ends=ends[going],
                uniform=uniform[going],
                ahead=self.ahead,
            )
            ended = ((read == EOS) & (places < ends[:, None])).any(1) | (ends > limit)
            going = (~ended).nonzero().squeeze(1)
        return read[:, 1:]


@dataclass(frozen=True, kw_only=True)
class _Writer:
    """A model before sources that it has read."""

    model: Model
    memory: Memory
    temperature: float

    @classmethod
    def of(
        cls, model: Model, *, source: Int[torch.Tensor, "sentences source"], temperature: float
    ) -> _Writer:
        return cls(model=model, memory=model.encode(source), temperature=temperature)

    def of_rows(self, rows: Int[torch.Tensor, "kept"]) -> _Writer:
        states, visible = self.memory
        kept = Memory(states[rows], None if visible is None else visible[rows])
        return replace(self, memory=kept)

    def laws(
        self,
        read: Int[torch.Tensor, "sentences places"],
        *,
        ends: Int[torch.Tensor, "sentences"],
        count: int,
    ) -> Float[torch.Tensor, "sentences count classes"]:
        """What each of the `count` tokens from a row's end on is drawn from."""
        longest = int(ends.max()) + count - 1
        logits = logits_after(
            self.model, memory=self.memory, read=read[:, :longest], first=ends - 1, count=count
        ).double()
        if self.temperature == 0:
            return torch.nn.functional.one_hot(logits.argmax(-1), logits.shape[-1]).double()
        return (logits / self.temperature).softmax(-1)


def _round(
    draft: _Writer,
    *,
    judge: _Writer,
    read: Int[torch.Tensor, "sentences places"],
    ends: Int[torch.Tensor, "sentences"],
    uniform: Float[torch.Tensor, "sentences draws 3"],
    ahead: int,
) -> tuple[Int[torch.Tensor, "sentences places"], Int[torch.Tensor, "sentences"]]:
    """The rows with at least one token more, and where each of them ends now.

    A place has three uniform numbers: for the guess, its judgement, and what is written instead.
    """
    rows = torch.arange(len(read), device=read.device)
    guessed = []
    for end in (ends + place for place in range(ahead)):
        guessed.append(draft.laws(read, ends=end, count=1)[:, 0])
        read[rows, end] = _drawn(guessed[-1], uniform=uniform[rows, end - 1, 0])
    p = judge.laws(read, ends=ends, count=ahead + 1)
    q = torch.stack([*guessed, torch.zeros_like(guessed[0])], 1)  # nobody guesses the last
    places = ends[:, None] + torch.arange(ahead, device=read.device)
    tokens = read.gather(1, places)[..., None]
    shares = [law[:, :-1].gather(2, tokens)[..., 0] for law in (p, q)]
    kept = uniform[rows[:, None], places - 1, 1] * shares[1] < shares[0]
    ends = ends + kept.long().cumprod(1).sum(1)
    left = (p - q)[rows, ends - places[:, 0]].clamp(min=0)
    read[rows, ends] = _drawn(left, uniform=uniform[rows, ends - 1, 2])
    return read, ends + 1


def _drawn(
    weights: Float[torch.Tensor, "sentences classes"],
    *,
    uniform: Float[torch.Tensor, "sentences"],
) -> Int[torch.Tensor, "sentences"]:
    """The token at which the sum of weights passes its share."""
    sums = weights.cumsum(-1)
    passed = (sums <= uniform[:, None] * sums[:, -1:]).sum(-1)
    return passed.clamp(max=weights.shape[-1] - 1)
