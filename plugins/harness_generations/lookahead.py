"""Lookahead decoding."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated

import torch
from annotated_types import Ge
from jaxtyping import Int

from harness.components import Generation
from harness.components.options import NonNegativeInt, PositiveInt
from harness.contracts import BOS, EOS, PAD, Generate, Memory, Model, Setting
from harness_generations.rereading import logits_after


@dataclass(frozen=True, kw_only=True)
class Lookahead(Generation):
    """Writes what greedy decoding writes, in fewer passes, by checking guesses in parallel.

    Fu et al. (2024, section 3). Greedy decoding solves y_t = argmax p(y | y_<t, x) for one t
    after another. A pass here reads, behind what is written, a window of guesses for the next
    `window` tokens, and replaces them all at once by y_t' = argmax p(y | guesses before t, x), a
    Jacobi iteration. The last `size` iterations have, along the diagonal (an earlier one's guess
    for t, the next one's for t + 1, and so on), sequences of `size` tokens that go well together; a
    pool keeps the `candidates` newest for each first token. The same pass reads those that begin
    with the last token written, and what the model would have written itself is kept, of the
    candidate where that is most: at least one token, so that there are never more passes than
    tokens.

    Unlike the paper's, the guesses of an iteration read the last one's guesses, and not those along
    their own diagonal; and candidates are rows of a batch, not places of one row, since the model
    numbers places from the left. Nothing is random: the window begins with copies of bos. What is
    written is what greedy decoding writes up to ties in the last bits, since this reads a beginning
    anew where that goes on from a cache. A sentence ends at eos, or after the length of its source
    plus `extra` tokens.
    """

    name = "lookahead"

    window: PositiveInt = 5
    size: Annotated[int, Ge(2)] = 3
    candidates: NonNegativeInt = 5
    extra: NonNegativeInt = 50

    def build(self, setting: Setting) -> Generate:
        """A function of model and sources; nothing in it is random."""

        def generate(
            model: Model,
            source: Int[torch.Tensor, "sentences source"],
            *,
            sentences: Sequence[int],
        ) -> list[list[int]]:
            limit = source.shape[1] + self.extra
            rows = [_Row(options=self, limit=limit) for _ in source]
            with torch.no_grad():
                memory = model.encode(source)
                while going := [number for number, row in enumerate(rows) if not row.ended]:
                    guesses = {number: rows[number].guesses() for number in going}
                    asked = [(number, each) for number in going for each in guesses[number]]
                    answers = iter(_answers(model, memory=memory, rows=rows, asked=asked))
                    for number in going:
                        own = [next(answers) for _ in guesses[number]]
                        rows[number].read(guesses[number], answers=own)
            return [row.text for row in rows]

        return generate


def _answers(
    model: Model, *, memory: Memory, rows: Sequence[_Row], asked: Sequence[tuple[int, list[int]]]
) -> list[list[int]]:
    """What the model would write after all that a row has, and after each token of the guess."""
    device = memory.states.device
    beginnings = [[BOS, *rows[number].written] for number, _ in asked]
    count = max(len(guess) for _, guess in asked)
    longest = max(map(len, beginnings)) + count
    filled = [
        [*beginning, *guess, *[PAD] * (longest - len(beginning) - len(guess))]
        for beginning, (_, guess) in zip(beginnings, asked, strict=True)
    ]
    chosen = torch.tensor([number for number, _ in asked], device=device)
    visible = None if memory.visible is None else memory.visible[chosen]
    logits = logits_after(
        model,
        memory=Memory(memory.states[chosen], visible),
        read=torch.tensor(filled, device=device),
        first=torch.tensor([len(each) - 1 for each in beginnings], device=device),
        count=count + 1,
    )
    found: list[list[int]] = logits.argmax(-1).tolist()
    return [answer[: 1 + len(guess)] for answer, (_, guess) in zip(found, asked, strict=True)]


@dataclass(kw_only=True)
class _Row:
    """A sentence under way: what is written, the last iterations by place, and its pool."""

    options: Lookahead
    limit: int
    written: list[int] = field(default_factory=list)
    trail: list[Mapping[int, int]] = field(default_factory=list)
    pool: dict[int, list[tuple[int, ...]]] = field(default_factory=dict)

    @property
    def text(self) -> list[int]:
        """The tokens up to eos or the limit."""
        return self.written[: [*self.written[: self.limit], EOS].index(EOS)]

    @property
    def ended(self) -> bool:
        return EOS in self.written or len(self.written) >= self.limit

    def guesses(self) -> list[list[int]]:
        """What to read behind what is written: the window first, then the candidates."""
        last = self.written[-1] if self.written else BOS
        return [self._window(), *(list(each[1:]) for each in self.pool.get(last, ()))]

    def _window(self) -> list[int]:
        begin, known = len(self.written), self.trail[-1] if self.trail else {}
        furthest = known[max(known)] if known else BOS
        places = range(begin, begin + self.options.window)
        return [known.get(place, furthest) for place in places]

    def read(self, guesses: Sequence[list[int]], *, answers: Sequence[list[int]]) -> None:
        """Take in what the model answered to the guesses: write, and fill the pool."""
        begin = len(self.written)
        pairs = zip(guesses, answers, strict=True)
        best = max((_agreed(guess, answer=answer) for guess, answer in pairs), key=len)
        window = dict(enumerate(guesses[0], begin))
        self.trail = [*self.trail[:-1], window, dict(enumerate(answers[0], begin))]
        self.trail = self.trail[-self.options.size :]
        for found in self._diagonals():
            newest = [each for each in self.pool.get(found[0], []) if each != found]
            self.pool[found[0]] = [found, *newest][: self.options.candidates]
        self.written += best

    def _diagonals(self) -> Iterator[tuple[int, ...]]:
        if len(self.trail) < self.options.size:
            return
        for place in self.trail[0]:
            tokens = [each.get(place + step) for step, each in enumerate(self.trail)]
            if None not in tokens:
                yield tuple(token for token in tokens if token is not None)


def _agreed(guess: list[int], *, answer: list[int]) -> list[int]:
    """The tokens of a guess that the model would have written, and the one that it writes next."""
    same = 0
    while same < len(guess) and guess[same] == answer[same]:
        same += 1
    return answer[: same + 1]
