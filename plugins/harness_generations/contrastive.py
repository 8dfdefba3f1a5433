"""Contrastive search."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Float, Int

from harness.components import Generation
from harness.components.options import (
    ExtraTokens,
    PositiveInt,
    Probability,
    unused_options,
)
from harness.contracts import BOS, EOS, Cache, Generate, Model, Setting
from harness.prediction import writable


@dataclass(frozen=True, kw_only=True)
class Contrastive(Generation):
    """Generates likely tokens whose hidden states differ from all before (Su et al. 2022).

    y_t = argmax over the `top_k` most likely v of (1 - alpha) p(v | y_<t, x) - alpha max_j cos(h_v,
    h_j), where h_v is the decoder's last hidden state after reading v, and the h_j are those after
    reading bos, y_1 ... y_{t-1}; the encoder's states are not used. p is over all tokens except pad
    and bos. With alpha 0 or `top_k` 1 this is greedy decoding. A sentence ends at eos, or at the
    length of its source plus `extra` tokens. A token costs `top_k` steps of the decoder.
    """

    name = "contrastive"
    bare = "alpha"

    alpha: Probability = 0.6
    top_k: PositiveInt = 4
    extra: ExtraTokens = 50

    def ignored(self) -> Iterator[str]:
        """The options that others leave without effect."""
        if self.top_k == 1:
            reason = "with a top_k of 1 there is nothing to choose from"
            yield from unused_options(self, "alpha", reason=reason, instead="raise top_k")
        if self.alpha == 0:
            reason = "with an alpha of 0 the likeliest token is chosen, as in greedy decoding"
            yield from unused_options(self, "top_k", reason=reason, instead="raise alpha")

    def build(self, setting: Setting) -> Generate:
        """A deterministic function of the model and the sources."""

        def generate(
            model: Model,
            source: Int[torch.Tensor, "sentences source"],
            *,
            sentences: Sequence[int],
        ) -> list[list[int]]:
            with torch.no_grad():
                generated = self._decode(model, source=source, count=setting.count_work)
            return [row[: row.index(EOS)] for row in generated.tolist()]

        return generate

    def _decode(
        self,
        model: Model,
        *,
        source: Int[torch.Tensor, "sentences source"],
        count: Callable[..., None],
    ) -> Int[torch.Tensor, "sentences limit_and_eos"]:
        """The tokens of each sentence, filled up with eos; every row has at least one eos."""
        limit = source.shape[1] + self.extra
        generated = source.new_full((len(source), limit + 1), EOS)
        rows = torch.arange(len(source), device=source.device)
        cache = model.start(model.encode(source))
        read = model.step(source.new_full((len(source),), BOS), cache)[:, None]
        for position in range(limit):
            # The state of a token that is read to be chosen serves for the next one.
            count(passes=len(rows))
            tokens, states, cache = self._next(model, read=read, cache=cache)
            generated[rows, position] = tokens
            read = torch.cat([read, states[:, None]], 1)
            active = (tokens != EOS).nonzero().squeeze(1)
            if not len(active):
                break
            cache, rows, read = cache.select(active), rows[active], read[active]
        return generated

    def _next(
        self, model: Model, *, read: Float[torch.Tensor, "sentences length d_model"], cache: Cache
    ) -> _Choice:
        """Choose a token for every sentence; `read` holds the hidden states of its prefix."""
        logits = writable(model.project(read[:, -1]))
        # pad and bos are at -inf, and must not become candidates in a small vocabulary.
        count = min(self.top_k, int(logits[0].isfinite().sum()))
        tokens = logits.topk(count).indices
        sentences = torch.arange(len(read), device=read.device)
        cache = cache.select(sentences.repeat_interleave(count))
        states = model.step(tokens.flatten(), cache).unflatten(0, (len(read), count))
        similarity = _normalized(states) @ _normalized(read).transpose(1, 2)
        # Over all tokens, not over the candidates: p in the equation is the model's.
        probabilities = logits.softmax(-1).gather(-1, tokens)
        # Candidates are sorted by logit and argmax returns the first, so ties go to the likeliest.
        best = ((1 - self.alpha) * probabilities - self.alpha * similarity.amax(-1)).argmax(-1)
        return _Choice(
            tokens=tokens[sentences, best],
            states=states[sentences, best],
            cache=cache.select(sentences * count + best),
        )


class _Choice(NamedTuple):
    """The token chosen for every sentence, and the model's hidden state and cache after it."""

    tokens: Int[torch.Tensor, "sentences"]
    states: Float[torch.Tensor, "sentences d_model"]
    cache: Cache


def _normalized(
    states: Float[torch.Tensor, "sentences places d_model"],
) -> Float[torch.Tensor, "sentences places d_model"]:
    return torch.nn.functional.normalize(states, dim=-1)
