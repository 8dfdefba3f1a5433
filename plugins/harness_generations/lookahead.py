"""Lookahead decoding."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated

import torch
from annotated_types import Ge
from jaxtyping import Int

from harness.components import Generation
from harness.components.options import (
    ExtraTokens,
    OptionalRepeats,
    Repeats,
    unused_options,
)
from harness.contracts import BOS, EOS, PAD, Generate, Memory, Model, Setting
from harness_generations.verification import logits_after


@dataclass(frozen=True, kw_only=True)
class Lookahead(Generation):
    """Greedy decoding in fewer passes of the model, by verifying guesses in parallel.

    Fu et al. (2024, section 3). Greedy decoding solves y_t = argmax p(y | y_<t, x) for one t after
    another. Here, a pass reads the prefix and a window of guesses for the next `window` tokens, and
    replaces all guesses at once by y_t' = argmax p(y | guesses before t, x), a Jacobi iteration.
    The diagonals of the last `size` iterations (the first one's guess for t, the next one's for
    t + 1, and so on) are plausible n-grams of `size` tokens; a pool keeps the newest `candidates`
    of them for each first token. The same pass also verifies the n-grams that start with the last
    token of the prefix. The longest verified continuation is accepted: the guesses that agree with
    greedy decoding and the model's next token, so that there are never more passes than tokens.

    There are two differences from the paper: guesses are conditioned on the previous iteration's
    guesses and not on those along their own diagonal, and candidates are rows of a batch and not
    positions of one row, since the model numbers positions from the left. Nothing is random: the
    window is initialized with bos. The result equals that of greedy decoding up to ties in the last
    bits, since prefixes are read anew instead of from a cache. A sentence ends at eos, or at the
    length of its source plus `extra` tokens.
    """

    name = "lookahead"

    window: Repeats = 5
    size: Annotated[int, Ge(2)] = 3
    candidates: OptionalRepeats = 5
    extra: ExtraTokens = 50

    def ignored(self) -> Iterator[str]:
        """The options that others leave without effect."""
        if self.candidates == 0:
            reason = "with 0 candidates no n-gram is kept"
            yield from unused_options(self, "size", reason=reason, instead="raise candidates")

    def build(self, setting: Setting) -> Generate:
        """A deterministic function of the model and the sources."""

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
                while active := [number for number, row in enumerate(rows) if not row.finished]:
                    guesses = {number: rows[number].guesses() for number in active}
                    queries = [(number, guess) for number in active for guess in guesses[number]]
                    predictions = iter(_predict(model, memory=memory, rows=rows, queries=queries))
                    setting.count_work(passes=len(active))
                    for number in active:
                        own = [next(predictions) for _ in guesses[number]]
                        rows[number].update(guesses[number], predictions=own)
                        setting.count_work(proposed=max(map(len, guesses[number])))
                        setting.count_work(accepted=rows[number].accepted)
            return [row.output for row in rows]

        return generate


def _predict(
    model: Model, *, memory: Memory, rows: Sequence[_Row], queries: Sequence[tuple[int, list[int]]]
) -> list[list[int]]:
    """The most likely token after the prefix of a query's row, and after each of its guesses."""
    device = memory.states.device
    prefixes = [[BOS, *rows[number].tokens] for number, _ in queries]
    count = max(len(guess) for _, guess in queries)
    longest = max(map(len, prefixes)) + count
    padded = [
        [*prefix, *guess, *[PAD] * (longest - len(prefix) - len(guess))]
        for prefix, (_, guess) in zip(prefixes, queries, strict=True)
    ]
    sentences = torch.tensor([number for number, _ in queries], device=device)
    visible = None if memory.visible is None else memory.visible[sentences]
    logits = logits_after(
        model,
        memory=Memory(memory.states[sentences], visible),
        prefixes=torch.tensor(padded, device=device),
        first=torch.tensor([len(prefix) - 1 for prefix in prefixes], device=device),
        count=count + 1,
    )
    likeliest: list[list[int]] = logits.argmax(-1).tolist()
    return [row[: 1 + len(guess)] for row, (_, guess) in zip(likeliest, queries, strict=True)]


@dataclass(kw_only=True)
class _Row:
    """A sentence in progress: its tokens, the last iterations by position, and its n-gram pool."""

    options: Lookahead
    limit: int
    tokens: list[int] = field(default_factory=list)
    iterations: list[Mapping[int, int]] = field(default_factory=list)
    pool: dict[int, list[tuple[int, ...]]] = field(default_factory=dict)
    accepted: int = 0  # of the last guesses

    @property
    def output(self) -> list[int]:
        """The tokens up to eos or the limit."""
        # The last continuation may run past eos, or past the limit.
        return self.tokens[: [*self.tokens[: self.limit], EOS].index(EOS)]

    @property
    def finished(self) -> bool:
        return EOS in self.tokens or len(self.tokens) >= self.limit

    def guesses(self) -> list[list[int]]:
        """Guessed continuations to verify: the window first, then candidates from the pool."""
        last = self.tokens[-1] if self.tokens else BOS
        return [self._window(), *(list(ngram[1:]) for ngram in self.pool.get(last, ()))]

    def _window(self) -> list[int]:
        begin, known = len(self.tokens), self.iterations[-1] if self.iterations else {}
        furthest = known[max(known)] if known else BOS
        positions = range(begin, begin + self.options.window)
        return [known.get(position, furthest) for position in positions]

    def update(self, guesses: Sequence[list[int]], *, predictions: Sequence[list[int]]) -> None:
        """Accept the longest verified continuation, and add new n-grams to the pool."""
        begin = len(self.tokens)
        pairs = zip(guesses, predictions, strict=True)
        # All of them are prefixes of the greedy output: of equal lengths, any will do.
        longest = max((_verified(guess, prediction=row) for guess, row in pairs), key=len)
        # The window, with new guesses at its end, replaces the iteration from which it was made.
        window = dict(enumerate(guesses[0], begin))
        next_window = dict(enumerate(predictions[0], begin))
        self.iterations = [*self.iterations[:-1], window, next_window][-self.options.size :]
        for ngram in self._diagonals():
            others = [other for other in self.pool.get(ngram[0], []) if other != ngram]
            self.pool[ngram[0]] = [ngram, *others][: self.options.candidates]
        self.tokens += longest
        self.accepted = len(longest) - 1

    def _diagonals(self) -> Iterator[tuple[int, ...]]:
        if len(self.iterations) < self.options.size:
            return
        for position in self.iterations[0]:
            tokens = [row.get(position + step) for step, row in enumerate(self.iterations)]
            if None not in tokens:
                yield tuple(token for token in tokens if token is not None)


def _verified(guess: list[int], *, prediction: list[int]) -> list[int]:
    """The guessed tokens that agree with the model's predictions, and its next token."""
    count = 0
    while count < len(guess) and guess[count] == prediction[count]:
        count += 1
    return prediction[: count + 1]
